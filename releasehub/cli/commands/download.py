"""`download`: a file by its permanent link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from releasehub.cli import catalog, options
from releasehub.cli.downloads import Downloader, Fetched
from releasehub.cli.errors import CliError, Exit, not_found, usage
from releasehub.cli.http import Hub
from releasehub.cli.names import this_machine
from releasehub.cli.output import human_bytes
from releasehub.cli.progress import meter
from releasehub.cli.settings import Settings
from releasehub.cli.shapes import FileRow, VersionRow

_LINE = re.compile(r"latest-[0-9.]+\.x")


@dataclass(frozen=True)
class Wish:
    """`platform` such as linux-x64, `filename` exact; at most one is given."""

    platform: str
    filename: str

    @property
    def word(self) -> str:
        return self.filename or self.platform


@click.command()
@click.argument("target", metavar="SLUG[@VERSION|@latest|@latest-1.x|@channel:NAME]")
@click.option("--platform", default="", metavar="P", help="Such as linux-x64 or windows; `auto` for this machine.")
@click.option("--file", "filename", default="", metavar="NAME", help="The file of exactly this name.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="A file or folder to write to.")
@click.option("--verify/--no-verify", default=None, help="Compare with the hub's digest; done unless refused.")
@options.retries
@options.common()
@click.pass_obj
def download(
    settings: Settings,
    target: str,
    platform: str,
    filename: str,
    output: Path | None,
    verify: bool | None,
    retries: int,
) -> None:
    """Fetch a file. What arrived before a break is kept in NAME.part and not fetched again.

    Without --platform or --file it is the primary file; in a channel or line the one for this machine.

    \b
    Example:
      releasehub download packsmith --platform linux-x64
      releasehub download packsmith@1.4.2 --file packsmith-1.4.2-linux-x64.tar.gz -o /tmp
      releasehub download packsmith@channel:beta --platform auto
    """
    if platform and filename:
        raise usage("Give --platform or --file, not both.")
    wish = Wish(this_machine() if platform == "auto" else platform.lower(), filename)
    hub = settings.hub(retries=retries, needs_key=False)
    link = link_for(hub, catalog.Target.parse(target), wish)
    with meter(settings.output) as bars:
        fetched = Downloader(hub, bars, retries=retries).fetch(link, output, verifies=verify is not False)
    _judge(settings, fetched, verify)
    settings.output.result(_result(fetched), _text(fetched))


def link_for(hub: Hub, target: catalog.Target, wish: Wish) -> str:
    """The path of docs/links.md.  Errors: not_found."""
    version, base = target.version or "latest", f"/d/{quote(target.download, safe='')}"
    if version == "latest":
        return f"{base}/latest/{quote(wish.word, safe='')}"
    word = quote(wish.word or this_machine(), safe="")
    if version.startswith("channel:"):
        return f"{base}/channel/{quote(version.removeprefix('channel:'), safe='')}/{word}"
    if _LINE.fullmatch(version):
        return f"{base}/{version}/{word}"
    if wish.filename:
        return f"{base}/{quote(version, safe='')}/{quote(wish.filename, safe='')}"
    return _exact_link(hub, target, wish, base)


def _exact_link(hub: Hub, target: catalog.Target, wish: Wish, base: str) -> str:
    """Which file of the version is meant has to be looked up; the channel is named, so that no other one answers."""
    row = catalog.find_version(hub, catalog.find_download(hub, target.download), target.version)
    file = _suiting(row, catalog.all_files(hub, row), wish.platform)
    query = urlencode({"channel": row["channel"]})
    return f"{base}/{quote(target.version, safe='')}/{quote(file['filename'], safe='')}?{query}"


def _suiting(version: VersionRow, files: list[FileRow], wanted: str) -> FileRow:
    """The primary file first; without a wish the primary or only one.  Errors: not_found."""
    platform, _, architecture = wanted.partition("-")
    fits = [
        file
        for file in files
        if platform in {"", file["platform"]} and (not architecture or file["architecture"] in {"", architecture})
    ]
    fits.sort(key=lambda file: (not file["is_primary"], file["file_id"]))
    if not fits or (not wanted and len(fits) > 1 and not fits[0]["is_primary"]):
        names = ", ".join(file["filename"] for file in files) or "none"
        raise not_found(
            f"Which file of version {version['version_string']}?" if fits else f"No file of it is for {wanted}.",
            f"Choose with --file or --platform. It has: {names}",
        )
    return fits[0]


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
    }


def _text(fetched: Fetched) -> str:
    how = "verified" if fetched.is_verified else "not verified"
    done = "Was there already" if fetched.was_there else "Fetched"
    return f"{done}: {fetched.path} ({human_bytes(fetched.path.stat().st_size)}, {how})"
