"""The command `import`."""  # noqa: N999 - the name is what people type

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from downloads.models import Download
from releasehub.core.actor import Actor, system_actor
from releasehub.core.commands import ProgressCommand
from releasehub.core.errors import DomainError
from releasehub.importing.listing import preview
from releasehub.importing.management.arguments import (
    actor_named,
    add_arguments,
    find_or_create_download,
    is_known,
    place_of,
    read_token,
    source_fields,
)
from releasehub.importing.management.printing import release_line, release_lines, summary
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.report import PROBLEMS, totals_of
from releasehub.importing.running import work
from releasehub.importing.services import add_source, cancel_run, start_run
from releasehub.importing.sources.base import SourceRefused, SourceSettings, SourceUnavailable
from releasehub.importing.sources.registry import KINDS, kind_named

LOOK_SECONDS = 2.0
INTERRUPTED, HAS_PROBLEMS = 130, 3


class Command(ProgressCommand):
    help = (
        "Import the releases of another host into a download, with their notes, tags, dates and files. Nothing is "
        "published before all files of a release are stored and their digests were compared. The command can be "
        "repeated, and continues what was interrupted. Exit with code 3 if releases are in conflict with versions "
        "of this hub, are not valid here, or have failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", metavar="SOURCE", required=True, title="sources")
        for kind in KINDS.values():
            sub = kinds.add_parser(kind.name, help=kind.label)
            sub.add_argument("address", metavar="ADDRESS", help=f"what to import: {kind.address_example}")
            for name, text in kind.options.items():
                sub.add_argument(f"--{name.replace('_', '-')}", dest=f"option_{name}", default="", help=text)
            add_arguments(sub, kind.default_api_url)

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_verbose = options["verbosity"] > 0
        try:
            if options["dry_run"] and options["create"] and not is_known(options["to"]):
                self._preview(options)
                return
            run = self._start(options)
            self._follow(run)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _preview(self, options: dict[str, Any]) -> None:
        """Print what would be imported into a download that does not exist, and neither create it nor store anything.

        A source that asks to wait ends the preview.
        """
        category, _ = place_of(options)
        download = Download(category=category, slug=options["to"], title=options["to"])
        place = {"kind": options["kind"], "address": options["address"].strip(), "api_url": options["api"].strip()}
        row = ImportSource(download=download, **place, **source_fields(options))
        token = read_token(options["token_file"])
        source = kind_named(row.kind).build(SourceSettings(row.address, row.api_url, token, row.options))
        listed = problems = 0
        try:
            for release, assets in preview(row, source):
                listed += 1
                problems += release.decision in PROBLEMS
                release.new_count = len(assets)  # type: ignore[attr-defined]
                release.new_bytes = sum(asset.size_bytes or 0 for asset in assets)  # type: ignore[attr-defined]
                self.stdout.write(release_line(release))
        except (SourceRefused, SourceUnavailable) as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{listed} releases listed. The download {download.slug} was not created.")
        if problems:
            raise CommandError(f"{problems} releases cannot be imported; see above.", returncode=HAS_PROBLEMS)

    def _start(self, options: dict[str, Any]) -> ImportRun:
        actor = actor_named(options["as_user"])
        source = add_source(
            actor=actor,
            download=find_or_create_download(actor, options),
            kind=options["kind"],
            address=options["address"],
            api_url=options["api"],
            token=read_token(options["token_file"]),
            is_command=True,
            **source_fields(options),
        )
        _end_dry_run(actor, source)
        open_run = source.runs.filter(finished_at=None).first()
        return open_run or start_run(actor=actor, source=source, is_dry_run=options["dry_run"])

    def _follow(self, run: ImportRun) -> None:
        """Do the run in this process, wait when the source asks for it, and print what has come of it."""
        try:
            while not run.is_finished:
                worked = work(run.pk, report=self.progress)
                run = worked or ImportRun.objects.get(pk=run.pk)
                self._wait(run)
        except KeyboardInterrupt:
            cancel_run(actor=system_actor(), run=ImportRun.objects.select_related("source").get(pk=run.pk))
            raise CommandError("Stopped. Repeat the command to continue.", returncode=INTERRUPTED) from None
        self._print_end(run)

    def _wait(self, run: ImportRun) -> None:
        if run.is_finished:
            return
        if run.not_before is not None:
            self.stderr.write(f"{run.message} The import continues at {run.not_before:%H:%M:%S} UTC.")
            time.sleep(max((run.not_before - timezone.now()).total_seconds(), 0))
        else:  # a worker of the hub has the run
            time.sleep(LOOK_SECONDS)

    def _print_end(self, run: ImportRun) -> None:
        if run.state == ImportRun.State.FAILED:
            raise CommandError(run.message)
        if run.state == ImportRun.State.CANCELED:
            raise CommandError("The import was canceled.", returncode=INTERRUPTED)
        for line in release_lines(run):
            if run.is_dry_run or self.is_verbose:
                self.stdout.write(line)
        self.stdout.write(summary(run))
        if run.message:
            self.stderr.write(run.message)
        if problems := totals_of(run).problems:
            raise CommandError(f"{problems} releases were not imported; see above.", returncode=HAS_PROBLEMS)


def _end_dry_run(actor: Actor, source: ImportSource) -> None:
    """Cancel a dry run that was interrupted, so that it does not stand in the way of this run."""
    run = source.runs.filter(finished_at=None, is_dry_run=True).first()
    if run is not None:
        run.source = source
        cancel_run(actor=actor, run=run)
