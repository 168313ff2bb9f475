"""The command `import_access_keys`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from downloads.models import Download
from releasehub.core.actor import system_actor
from releasehub.core.commands import HubCommand
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.access_key_import import import_access_keys, read_table


class Command(HubCommand):
    help = "Import access keys that customers have already from a CSV file. Only their digests are stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="columns: key, and optionally name, expires_at, uses and highest_number")
        parser.add_argument("--download", required=True, metavar="SLUG", help="the download that the keys open")
        parser.add_argument("--dry-run", action="store_true", help="check the file without importing anything")
        parser.add_argument("--skip-invalid", action="store_true", help="import the valid lines if others are invalid")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Download.objects.select_related("category").with_slug(options["download"])
        download = first_or_not_found(rows, f"The download {options['download']} does not exist.")
        try:
            text = Path(options["file"]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file {options['file']} cannot be read as UTF-8 text: {error}") from error
        report = import_access_keys(
            actor=system_actor(),
            download=download,
            rows=read_table(text.splitlines(keepends=True)),
            dry_run=options["dry_run"],
            skip_invalid=options["skip_invalid"],
        )
        for problem in report.errors:
            self.stderr.write(f"Line {problem.line}: {problem.message}")
        if report.errors and not (options["skip_invalid"] or options["dry_run"]):
            raise CommandError("No key was imported. Correct these lines, or skip them with --skip-invalid.")
        result = (
            f"{report.valid_count} keys can be imported"
            if options["dry_run"]
            else (f"{report.created_count} keys were imported")
        )
        self.stdout.write(f"{result}, {len(report.errors)} lines are invalid.")
