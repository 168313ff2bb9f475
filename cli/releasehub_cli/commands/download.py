"""`download`: a file by its permanent link."""

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
from releasehub_cli.systems import System, best_file, nothing_fits, wanted_system

GONE = (404, 410)


@dataclass(frozen=True)
class Wish:
    """Which file of a version: the one of exactly this name, or else the best one for a system."""

    system: System
    filename: str = ""

    @property
    def word(self) -> str:
        """The last part of a permanent link."""
        return self.filename or str(self.system)


@click.command()
@click.argument("target", metavar=options.TARGET)
@click.option("--platform", default="auto", show_default=True, metavar="P", help="linux, macos-arm64, …, or `any`.")
@click.option("--arch", "architecture", default="", metavar="A", help="x64, arm64, …, or `any`.")
@click.option("--file", "filename", default="", metavar="NAME", help="The file of exactly this name.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="A file or folder to write to.")
@click.option("--verify/--no-verify", default=None, help="Compare with the hub's digest; done unless refused.")
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
    """Fetch the file of a version that is for this machine.

    --platform, --arch and --file choose another one; --platform any takes the primary file. If no file fits, the
    command lists what there is and fails. What arrived before a break stays in NAME.part and is not fetched again.

    \b
    Example:
      releasehub download packsmith
      releasehub download packsmith@1.4.2 --platform windows --arch x64
      releasehub download packsmith@beta --file packsmith-linux-x64.tar.gz -o /tmp
    """
    if filename and (platform != "auto" or architecture):
        raise usage("Give --file, or --platform and --arch, but not both.")
    wish = Wish(wanted_system(platform, architecture), filename)
    hub = settings.hub(retries=retries, needs_key=False)
    named = catalog.Target.parse(target)
    with meter(settings.output) as bars:
        downloader = Downloader(hub, bars, retries=retries)
        try:
            fetched = downloader.fetch(link_for(hub, named, wish, channel), output, verifies=verify is not False)
        except HubError as error:
            if error.status not in GONE:
                raise
            link = other_link(hub, named, wish, channel, error)
            fetched = downloader.fetch(link, output, verifies=verify is not False)
    if fetched.offer.yanked:
        settings.output.warn(f"This version was yanked: {fetched.offer.yanked}")
    _judge(settings, fetched, verify)
    settings.output.result(_result(fetched), _text(fetched))


def link_for(hub: Hub, target: catalog.Target, wish: Wish, channel: str = "") -> str:
    """Return the path of a permanent link (docs/links.md) to the file that is meant.

    Raises:
        CliError: Nothing fits; the hint lists what there is.
    """
    if moving := catalog.moving_part(hub, target, channel):
        return f"{moving}{quote(wish.word, safe='')}"
    if wish.filename:
        return _exact_link(target.download, target.version, wish.filename, channel)
    row = catalog.find_version(hub, catalog.find_download(hub, target.download), target.version, channel)
    return _link_in(hub, target, row, wish)


def other_link(hub: Hub, target: catalog.Target, wish: Wish, channel: str, refusal: HubError) -> str:
    """Return a link to a file of the version, found in its list of files, after the hub refused the first link.

    The files may name their system in other words than the links of the hub.

    Raises:
        CliError: Nothing fits, or the hub's own refusal if there is no version to look into.
    """
    try:
        row = catalog.version_of(hub, f"{target.download}@{target.version or 'latest'}", channel)
    except CliError:
        refusal.hint = refusal.hint or f"See what there is with: releasehub list {target.download}"
        raise refusal from None
    if wish.filename:
        names = ", ".join(sorted(file["filename"] for file in catalog.all_files(hub, row)))
        refusal.hint = f"Version {row['version_string']} has: {names or 'no file'}"
        raise refusal from None
    return _link_in(hub, target, row, wish)


def _link_in(hub: Hub, target: catalog.Target, row: VersionRow, wish: Wish) -> str:
    """The channel is named in the link, so that no other channel with the same number answers."""
    files = catalog.all_files(hub, row)
    file = best_file(files, wish.system)
    if file is None:
        raise nothing_fits(f"{target.download}@{row['version_string']}", files, wish.system)
    return _exact_link(target.download, row["version_string"], file["filename"], row["channel"])


def _exact_link(download: str, number: str, filename: str, channel: str) -> str:
    parts = "/".join(quote(text, safe="") for text in (download, number, filename))
    return f"/d/{parts}?{urlencode({'channel': channel})}" if channel else f"/d/{parts}"


def _judge(settings: Settings, fetched: Fetched, verify: bool | None) -> None:
    """A link elsewhere has no digest: an error only when the check was asked for."""
    if fetched.is_verified or verify is False:
        return
    if verify:
        raise CliError(
            f"The hub holds no digest of {fetched.path.name}; it was kept unverified.",
            code="no_digest",
            exit_code=Exit.DIGEST,
            hint="Compare it with what its makers say, or leave out --verify.",
        )
    settings.output.warn(f"The hub holds no digest of {fetched.path.name}: it was not verified.")


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
    how = "verified" if fetched.is_verified else "not verified"
    done = "Was there already" if fetched.was_there else "Fetched"
    return f"{done}: {fetched.path} ({human_bytes(fetched.path.stat().st_size)}, {how})"
