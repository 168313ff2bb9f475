"""`download`: download a file by its permanent link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from releasehub_cli import catalog, options
from releasehub_cli.downloads import Downloader, Fetched
from releasehub_cli.errors import CliError, Exit, HubError, usage
from releasehub_cli.http import Hub
from releasehub_cli.output import human_bytes
from releasehub_cli.progress import meter
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import VersionRow
from releasehub_cli.systems import System, best_file, no_matching_file, requested_system

MISSING_STATUSES = (404, 410)


@dataclass(frozen=True)
class FileChoice:
    """The file to choose: the one with this name or, without a name, the best one for a system."""

    system: System
    filename: str = ""

    @property
    def word(self) -> str:
        """The last segment of a permanent link."""
        return self.filename or str(self.system)


@click.command()
@click.argument("target", metavar=options.TARGET)
@click.option(
    "--platform", default="auto", show_default=True, metavar="P", help="The platform: linux, macos-arm64, …, or `any`."
)
@click.option("--arch", "architecture", default="", metavar="A", help="The architecture: x64, arm64, …, or `any`.")
@click.option("--file", "filename", default="", metavar="NAME", help="The exact name of the file.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="The file or folder to write to.")
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Compare the file with the digest of the hub (the default). --verify fails if the hub has none.",
)
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
    output: Path | None,
    verify: bool | None,
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
      releasehub download packsmith@beta --file packsmith-linux-x64.tar.gz -o /tmp
    """
    if filename and (platform != "auto" or architecture):
        raise usage("Use either --file, or --platform and --arch.")
    choice = FileChoice(requested_system(platform, architecture), filename)
    hub = settings.hub(retries=retries, needs_key=False)
    parsed_target = catalog.Target.parse(target)
    with meter(settings.output) as bars:
        downloader = Downloader(hub, bars, retries=retries)
        try:
            fetched = downloader.fetch(
                link_for(hub, parsed_target, choice, channel), output, verifies=verify is not False
            )
        except HubError as error:
            if error.status not in MISSING_STATUSES:
                raise
            link = other_link(hub, parsed_target, choice, channel, error)
            fetched = downloader.fetch(link, output, verifies=verify is not False)
    if fetched.offer.yanked:
        settings.output.warn(f"This version was yanked: {fetched.offer.yanked}")
    _report_verification(settings, fetched, verify)
    settings.output.result(_result(fetched), _text(fetched))


def link_for(hub: Hub, target: catalog.Target, choice: FileChoice, channel: str = "") -> str:
    """Return the path of a permanent link (docs/links.md) to the chosen file.

    Raises:
        CliError: No file matches. The hint lists the files.
    """
    if moving := catalog.moving_link_prefix(hub, target, channel):
        return f"{moving}{quote(choice.word, safe='')}"
    if choice.filename:
        return _exact_link(target.download, target.version, choice.filename, channel)
    row = catalog.find_version(hub, catalog.find_download(hub, target.download), target.version, channel)
    return _link_in(hub, target, row, choice)


def other_link(hub: Hub, target: catalog.Target, choice: FileChoice, channel: str, refusal: HubError) -> str:
    """Find the file in the list of files, after the hub has refused the first link.

    The files may use different names for a system than the links of the hub.

    Raises:
        CliError: No file matches. If there is no such version, this is the refusal of the hub.
    """
    try:
        row = catalog.version_of(hub, f"{target.download}@{target.version or 'latest'}", channel)
    except CliError:
        refusal.hint = refusal.hint or f"List the versions with: releasehub list {target.download}"
        raise refusal from None
    if choice.filename:
        names = ", ".join(sorted(file["filename"] for file in catalog.all_files(hub, row)))
        refusal.hint = f"The files of version {row['version_string']}: {names or 'none'}"
        raise refusal from None
    return _link_in(hub, target, row, choice)


def _link_in(hub: Hub, target: catalog.Target, row: VersionRow, choice: FileChoice) -> str:
    """Return an exact link with the channel, so that no other channel with the same version matches."""
    files = catalog.all_files(hub, row)
    file = best_file(files, choice.system)
    if file is None:
        raise no_matching_file(f"{target.download}@{row['version_string']}", files, choice.system)
    return _exact_link(target.download, row["version_string"], file["filename"], row["channel"])


def _exact_link(download: str, number: str, filename: str, channel: str) -> str:
    parts = "/".join(quote(text, safe="") for text in (download, number, filename))
    return f"/d/{parts}?{urlencode({'channel': channel})}" if channel else f"/d/{parts}"


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
