"""`download`: download a file by its permanent link."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from releasehub_cli import options
from releasehub_cli.downloads import Downloader, Fetched
from releasehub_cli.errors import CliError, Exit, HubError, usage
from releasehub_cli.links import FileChoice, link_for, other_link
from releasehub_cli.localfiles import local_path
from releasehub_cli.minimum_age import MinimumAge
from releasehub_cli.output import human_bytes
from releasehub_cli.progress import meter
from releasehub_cli.settings import Settings
from releasehub_cli.systems import requested_system
from releasehub_cli.targets import VersionTarget

MISSING_STATUSES = (404, 410)


@click.command()
@click.argument("target", metavar=options.TARGET)
@click.option(
    "--platform", default="auto", show_default=True, metavar="P", help="The platform: linux, macos-arm64, …, or `any`."
)
@click.option("--arch", "architecture", default="", metavar="A", help="The architecture: x64, arm64, …, or `any`.")
@click.option("--file", "filename", default="", metavar="NAME", help="The exact name of the file.")
@click.option(
    "-o",
    "--output",
    "place",
    default=None,
    metavar="PATH",
    shell_complete=options.complete_paths,
    help="The file or folder to write to.",
)
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Compare the file with the digest of the hub (the default). --verify fails if the hub has none.",
)
@options.min_age
@options.channel
@options.retries
@options.common()
@click.pass_obj
def download(
    settings: Settings,
    target: str,
    platform: str,
    architecture: str,
    filename: str,
    place: str | None,
    verify: bool | None,
    minimum_age: MinimumAge,
    channel: str,
    retries: int,
) -> None:
    """Download the file of a version for this machine.

    --platform, --arch and --file choose a different file. --platform any chooses the primary file. If no file
    matches, the command lists the files and fails. An interrupted download is kept in NAME.part, and the next run
    resumes it.

    \b
    Example:
      releasehub download packsmith
      releasehub download packsmith@1.4.2 --platform windows --arch x64
      releasehub download packsmith --min-age 7d
      releasehub download packsmith@beta --file packsmith-linux-x64.tar.gz -o /tmp
    """
    if filename and (platform != "auto" or architecture):
        raise usage("Use either --file, or --platform and --arch.")
    choice = FileChoice(requested_system(platform, architecture), filename)
    output = None if place is None else _output(place)
    hub = settings.hub(retries=retries, needs_key=False)
    parsed_target = VersionTarget.parse(target)
    with meter(settings.output) as bars:
        downloader = Downloader(hub, bars, retries=retries)
        try:
            fetched = downloader.fetch(
                link_for(hub, parsed_target, choice, channel, minimum_age), output, verifies=verify is not False
            )
        except HubError as error:
            if error.status not in MISSING_STATUSES:
                raise
            link = other_link(hub, parsed_target, choice, channel, error, minimum_age)
            fetched = downloader.fetch(link, output, verifies=verify is not False)
    if fetched.offer.yanked:
        settings.output.warn(f"This version was yanked: {fetched.offer.yanked}")
    _report_verification(settings, fetched, verify)
    settings.output.result(_result(fetched), _text(fetched))


def _output(text: str) -> Path:
    """Return the file or folder to write to.

    Raises:
        CliError: The text is empty, stands for stdout, or names a folder that does not exist.
    """
    path = local_path(text)
    if text == "-":
        raise usage(
            "A download cannot be written to stdout, because its digest is compared first.",
            "Write it to a file. For a file with the name -, use -o ./-",
        )
    if text.endswith(("/", os.sep)) and not path.is_dir():
        raise usage(f"The folder {text} does not exist.", "Create it first.")
    return path


def _report_verification(settings: Settings, fetched: Fetched, verify: bool | None) -> None:
    """Warn if the file could not be verified, as with a link to another site. With --verify this is an error."""
    if fetched.is_verified or verify is False:
        return
    if verify:
        raise CliError(
            f"The hub has no digest of {fetched.path.name}. The file is unverified.",
            code="no_digest",
            exit_code=Exit.DIGEST,
            hint="Compare the file with the digest of its publisher, or leave out --verify.",
        )
    settings.output.warn(f"The hub has no digest of {fetched.path.name}, so it was not verified.")


def _result(fetched: Fetched) -> dict[str, Any]:
    return {
        "path": str(fetched.path),
        "size_bytes": fetched.path.stat().st_size,
        "sha256": fetched.sha256,
        "verified": fetched.is_verified,
        "version": fetched.offer.version or None,
        "was_there": fetched.was_there,
        "yanked": fetched.offer.yanked or None,
    }


def _text(fetched: Fetched) -> str:
    verification = "verified" if fetched.is_verified else "not verified"
    result = "Already downloaded" if fetched.was_there else "Downloaded"
    return f"{result}: {fetched.path} ({human_bytes(fetched.path.stat().st_size)}, {verification})"
