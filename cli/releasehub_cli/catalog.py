"""Finding downloads, versions and files on the hub by what people call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote

from releasehub_cli.errors import CliError, HubError, conflict, not_found, usage
from releasehub_cli.http import Hub
from releasehub_cli.output import Output
from releasehub_cli.shapes import DownloadRow, FileRow, VersionRow

DOWNLOADS, VERSIONS, FILES = "/api/mc-dm-downloads/", "/api/mc-dm-versions/", "/api/mc-dm-files/"
PAGE_SIZE = 100
_LINE = re.compile(r"latest-[0-9.]+\.x")
_SLUG_IN_URL = re.compile(r"/downloads/([^/]+)\.\d+/")


@dataclass(frozen=True)
class Target:
    """`slug@1.2.0`: `version` is a number, `latest`, `latest-1.x` or a channel; empty if only the download is named."""

    download: str
    version: str

    @classmethod
    def parse(cls, text: str, *, needs_version: bool = False) -> Target:
        download, sign, version = text.partition("@")
        if not download or (sign and not version) or (needs_version and not version):
            raise usage(f"{text!r} names no version.", "Write DOWNLOAD@VERSION, such as packsmith@1.4.2")
        return cls(download, version)

    @property
    def is_number(self) -> bool:
        """Whether the version can only be a number, without a look at the hub."""
        return _plain_number(self.version)[:1].isdigit()


def moving_part(hub: Hub, target: Target, channel: str = "") -> str:
    """Return the beginning of the permanent link if the target names whatever is newest; empty for one version.

    A word is the version of that name if there is one, else a channel.
    """
    base, word = f"/d/{quote(target.download, safe='')}", target.version
    if _LINE.fullmatch(word):
        return f"{base}/{word}/"
    if word in {"", "latest"}:
        return f"{base}/channel/{quote(channel, safe='')}/" if channel else f"{base}/latest/"
    if word.startswith("channel:"):
        return f"{base}/channel/{quote(word.removeprefix('channel:'), safe='')}/"
    if target.is_number or _is_version(hub, target):
        return ""
    return f"{base}/channel/{quote(word, safe='')}/"


def newest_version(hub: Hub, name: str, moving: str) -> VersionRow:
    """Return the version that `moving_part` leads to.

    Raises:
        CliError: Nothing is published there.
    """
    number = unquote(hub.head(moving).get("X-ReleaseHub-Version", ""))
    return find_version(hub, find_download(hub, name), number)


def _is_version(hub: Hub, target: Target) -> bool:
    try:
        return bool(versions_named(hub, find_download(hub, target.download), target.version))
    except HubError:  # such as a key that may only read permanent links
        return False


def _plain_number(number: str) -> str:
    """`v1.2.0` and `1.2.0` are one version."""
    return number[1:] if number[:1] in {"v", "V"} and number[1:2].isdigit() else number


def find_download(hub: Hub, name: str) -> DownloadRow:
    """By slug or number.  Errors: not_found."""
    rows = cast("list[DownloadRow]", hub.get(DOWNLOADS, slug=name, **{"with": "full"})["downloads"])
    found = [row for row in rows if slug_of(row) == name]
    if found:
        return found[0]
    if name.isascii() and name.isdigit():
        try:
            return cast("DownloadRow", hub.get(f"{DOWNLOADS}{int(name)}/", **{"with": "full"})["download"])
        except HubError as error:
            if error.status != 404:
                raise
    raise not_found(f"There is no download {name}, or this key may not see it.", _who_sees(hub))


def slug_of(download: DownloadRow) -> str:
    match = _SLUG_IN_URL.search(download["view_url"])
    return match[1] if match else ""


def all_downloads(hub: Hub) -> list[DownloadRow]:
    return cast("list[DownloadRow]", pages(hub, DOWNLOADS, "downloads", order="title", direction="asc"))


def all_versions(hub: Hub, download: DownloadRow) -> list[VersionRow]:
    """Newest number first; drafts only for who may see them."""
    rows = pages(hub, VERSIONS, "versions", download_id=download["download_id"], order="version_int")
    return cast("list[VersionRow]", rows)


def all_files(hub: Hub, version: VersionRow) -> list[FileRow]:
    return cast("list[FileRow]", pages(hub, FILES, "files", version_id=version["version_id"]))


def versions_named(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> list[VersionRow]:
    rows = all_versions(hub, download)
    wanted = _plain_number(number)
    return [row for row in rows if _plain_number(row["version_string"]) == wanted and channel in {"", row["channel"]}]


def one_version(rows: list[VersionRow], number: str) -> VersionRow | None:
    """Errors: conflict when several channels have the number."""
    if len(rows) > 1:
        channels = ", ".join(sorted(row["channel"] for row in rows))
        raise conflict(f"Version {number} is in several channels: {channels}.", "Say which one with --channel.")
    return rows[0] if rows else None


def find_version(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> VersionRow:
    """Errors: not_found; conflict."""
    version = one_version(versions_named(hub, download, number, channel), number)
    if version is None:
        where = f" in the channel {channel}" if channel else ""
        raise not_found(
            f"{download['title']} has no version {number}{where}.",
            f"See them with: releasehub list {slug_of(download)}",
        )
    return version


def version_of(hub: Hub, text: str, channel: str = "") -> VersionRow:
    """Return the version named as DOWNLOAD@VERSION or by the number of its row.

    Raises:
        CliError: The text names no version, none that the key may see, or one in several channels.
    """
    if text.isascii() and text.isdigit():
        return version_with_id(hub, text)
    target = Target.parse(text, needs_version=True)
    if moving := moving_part(hub, target, channel):
        return newest_version(hub, target.download, moving)
    return find_version(hub, find_download(hub, target.download), target.version, channel)


def version_with_id(hub: Hub, number: int | str) -> VersionRow:
    return cast("VersionRow", hub.get(f"{VERSIONS}{number}/", **{"with": "full"})["version"])


def warn_of_yank(output: Output, version: VersionRow) -> None:
    if version["is_yanked"]:
        reason = version.get("yank_reason") or "no reason was given"
        output.warn(f"Version {version['version_string']} was yanked: {reason}")


def no_such_file(what: str, filename: str, files: Iterable[FileRow]) -> CliError:
    """Return the error for a file name that the version does not have; its hint lists those it has."""
    names = ", ".join(sorted(file["filename"] for file in files)) or "no file"
    return not_found(f"{what} has no file {filename}.", f"It has: {names}")


def page_of(download: DownloadRow, version: VersionRow) -> str:
    """The address of the version's page."""
    return f"{download['view_url'].rstrip('/')}/{version['version_string']}/"


def pages(hub: Hub, path: str, key: str, *, id_field: str = "", **params: str | int) -> list[Any]:
    """All rows of a list; each once, even when the list changes while it is read."""
    rows: dict[int, Any] = {}
    id_field = id_field or f"{key.removesuffix('s')}_id"
    page, last = 1, 1
    while page <= last:
        answer = hub.get(path, page=page, per_page=PAGE_SIZE, **{"with": "full"}, **params)
        rows.update({row[id_field]: row for row in answer[key]})
        last, page = answer["pagination"]["last_page"], page + 1
    return list(rows.values())


def _who_sees(hub: Hub) -> str:
    return "See them with: releasehub list" if hub.key else "A private one needs a key: run `releasehub login`."
