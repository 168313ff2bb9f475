"""Finding downloads, versions and files on the hub by what people call them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from releasehub.cli.errors import HubError, conflict, not_found, usage
from releasehub.cli.http import Hub
from releasehub.cli.shapes import DownloadRow, FileRow, VersionRow

DOWNLOADS, VERSIONS, FILES = "/api/mc-dm-downloads/", "/api/mc-dm-versions/", "/api/mc-dm-files/"
_SLUG_IN_URL = re.compile(r"/downloads/([^/]+)\.\d+/")


@dataclass(frozen=True)
class Target:
    """`slug@1.2.0`: `version` is empty when only the download was named."""

    download: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Target:
        download, _, version = text.partition("@")
        if not download or (not version and "@" in text):
            raise usage(f"{text!r} names no download.", "Write SLUG or SLUG@VERSION, such as packsmith@1.4.2")
        return cls(download, version)


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
    return cast("list[DownloadRow]", _pages(hub, DOWNLOADS, "downloads", order="title", direction="asc"))


def all_versions(hub: Hub, download: DownloadRow) -> list[VersionRow]:
    """Newest number first; drafts only for who may see them."""
    rows = _pages(hub, VERSIONS, "versions", download_id=download["download_id"], order="version_int")
    return cast("list[VersionRow]", rows)


def all_files(hub: Hub, version: VersionRow) -> list[FileRow]:
    return cast("list[FileRow]", _pages(hub, FILES, "files", version_id=version["version_id"]))


def versions_named(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> list[VersionRow]:
    rows = all_versions(hub, download)
    return [row for row in rows if row["version_string"] == number and channel in {"", row["channel"]}]


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
            f"See them with: releasehub list --download {slug_of(download)}",
        )
    return version


def version_of(hub: Hub, text: str, channel: str = "") -> VersionRow:
    """By number of the row, or as DOWNLOAD@VERSION.  Errors: not_found, conflict, usage."""
    if text.isascii() and text.isdigit():
        return cast("VersionRow", hub.get(f"{VERSIONS}{int(text)}/", **{"with": "full"})["version"])
    target = Target.parse(text)
    if not target.version:
        raise usage(f"{text!r} names no version.", "Write DOWNLOAD@VERSION, such as packsmith@1.4.2")
    return find_version(hub, find_download(hub, target.download), target.version, channel)


def page_of(download: DownloadRow, version: VersionRow) -> str:
    """The address of the version's page."""
    return f"{download['view_url'].rstrip('/')}/{version['version_string']}/"


def _pages(hub: Hub, path: str, key: str, **params: str | int) -> list[Any]:
    """All rows of a list; each once, even when the list changes while it is read."""
    rows: dict[int, Any] = {}
    page, last = 1, 1
    while page <= last:
        answer = hub.get(path, page=page, per_page=100, **{"with": "full"}, **params)
        id_field = f"{key.removesuffix('s')}_id"
        rows.update({row[id_field]: row for row in answer[key]})
        last, page = answer["pagination"]["last_page"], page + 1
    return list(rows.values())


def _who_sees(hub: Hub) -> str:
    return "See them with: releasehub list" if hub.key else "A private one needs a key: run `releasehub login`."
