"""Find downloads, versions and files on the hub by the names that users give them."""

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
    """A parsed DOWNLOAD@VERSION.

    Attributes:
        version: A version number, `latest`, `latest-1.x` or a channel. Empty if only the download is named.
    """

    download: str
    version: str

    @classmethod
    def parse(cls, text: str, *, needs_version: bool = False) -> Target:
        download, sign, version = text.partition("@")
        if not download or (sign and not version) or (needs_version and not version):
            raise usage(f"{text!r} does not name a version.", "Write DOWNLOAD@VERSION, such as packsmith@1.4.2.")
        return cls(download, version)

    @property
    def is_number(self) -> bool:
        """Return whether the version starts with a digit, so that it cannot be a channel."""
        return _plain_number(self.version)[:1].isdigit()


def moving_link_prefix(hub: Hub, target: Target, channel: str = "") -> str:
    """Return the prefix of the permanent link to the newest version, or an empty string if the target is one version.

    A word such as `beta` is a version if the download has one of that name, and otherwise a channel.
    """
    base, version = f"/d/{quote(target.download, safe='')}", target.version
    if _LINE.fullmatch(version):
        return f"{base}/{version}/"
    if version in {"", "latest"}:
        return f"{base}/channel/{quote(channel, safe='')}/" if channel else f"{base}/latest/"
    if version.startswith("channel:"):
        return f"{base}/channel/{quote(version.removeprefix('channel:'), safe='')}/"
    if target.is_number or _is_version(hub, target):
        return ""
    return f"{base}/channel/{quote(version, safe='')}/"


def newest_version(hub: Hub, name: str, moving: str) -> VersionRow:
    """Return the version to which the link prefix `moving` leads.

    Raises:
        CliError: No version is published there.
    """
    number = unquote(hub.head(moving).get("X-ReleaseHub-Version", ""))
    return find_version(hub, find_download(hub, name), number)


def _is_version(hub: Hub, target: Target) -> bool:
    try:
        return bool(versions_with_number(hub, find_download(hub, target.download), target.version))
    except HubError:  # for example, the key may only read permanent links
        return False


def _plain_number(number: str) -> str:
    """Return the version number without a leading v."""
    return number[1:] if number[:1] in {"v", "V"} and number[1:2].isdigit() else number


def find_download(hub: Hub, name: str) -> DownloadRow:
    """Return the download with this slug or id.

    Raises:
        CliError: The download does not exist, or the key has no access to it.
    """
    rows = cast("list[DownloadRow]", hub.get(DOWNLOADS, slug=name, **{"with": "full"})["downloads"])
    matches = [row for row in rows if slug_of(row) == name]
    if matches:
        return matches[0]
    if name.isascii() and name.isdigit():
        try:
            return cast("DownloadRow", hub.get(f"{DOWNLOADS}{int(name)}/", **{"with": "full"})["download"])
        except HubError as error:
            if error.status != 404:
                raise
    raise not_found(f"The download {name} does not exist, or this key has no access to it.", _access_hint(hub))


def slug_of(download: DownloadRow) -> str:
    match = _SLUG_IN_URL.search(download["view_url"])
    return match[1] if match else ""


def all_downloads(hub: Hub) -> list[DownloadRow]:
    return cast("list[DownloadRow]", pages(hub, DOWNLOADS, "downloads", order="title", direction="asc"))


def all_versions(hub: Hub, download: DownloadRow) -> list[VersionRow]:
    """Return the versions that the key has access to, highest number first."""
    rows = pages(hub, VERSIONS, "versions", download_id=download["download_id"], order="version_int")
    return cast("list[VersionRow]", rows)


def all_files(hub: Hub, version: VersionRow) -> list[FileRow]:
    return cast("list[FileRow]", pages(hub, FILES, "files", version_id=version["version_id"]))


def versions_with_number(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> list[VersionRow]:
    rows = all_versions(hub, download)
    plain_number = _plain_number(number)
    return [
        row for row in rows if _plain_number(row["version_string"]) == plain_number and channel in {"", row["channel"]}
    ]


def one_version(rows: list[VersionRow], number: str) -> VersionRow | None:
    """Return the only row, or None if there is none.

    Raises:
        CliError: Several channels have the version.
    """
    if len(rows) > 1:
        channels = ", ".join(sorted(row["channel"] for row in rows))
        raise conflict(f"Version {number} exists in several channels: {channels}.", "Choose one with --channel.")
    return rows[0] if rows else None


def find_version(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> VersionRow:
    """Return the version with this number.

    Raises:
        CliError: The version does not exist, or several channels have it.
    """
    version = one_version(versions_with_number(hub, download, number, channel), number)
    if version is None:
        where = f" in the channel {channel}" if channel else ""
        raise not_found(
            f"{download['title']} has no version {number}{where}.",
            f"List the versions with: releasehub list {slug_of(download)}",
        )
    return version


def version_of(hub: Hub, text: str, channel: str = "") -> VersionRow:
    """Return the version that the text names as DOWNLOAD@VERSION or by its id.

    Raises:
        CliError: The text does not name a version, the key has no access to it, or several channels have it.
    """
    if text.isascii() and text.isdigit():
        return version_with_id(hub, text)
    target = Target.parse(text, needs_version=True)
    if moving := moving_link_prefix(hub, target, channel):
        return newest_version(hub, target.download, moving)
    return find_version(hub, find_download(hub, target.download), target.version, channel)


def version_with_id(hub: Hub, number: int | str) -> VersionRow:
    return cast("VersionRow", hub.get(f"{VERSIONS}{number}/", **{"with": "full"})["version"])


def warn_if_yanked(output: Output, version: VersionRow) -> None:
    if version["is_yanked"]:
        reason = version.get("yank_reason") or "no reason given"
        output.warn(f"Version {version['version_string']} was yanked: {reason}")


def no_such_file(subject: str, filename: str, files: Iterable[FileRow]) -> CliError:
    """Return the error for a missing file. Its hint lists the files of the version."""
    names = ", ".join(sorted(file["filename"] for file in files)) or "none"
    return not_found(f"{subject} has no file {filename}.", f"Its files: {names}")


def page_of(download: DownloadRow, version: VersionRow) -> str:
    """Return the URL of the page of the version."""
    return f"{download['view_url'].rstrip('/')}/{version['version_string']}/"


def pages(hub: Hub, path: str, key: str, *, id_field: str = "", **params: str | int) -> list[Any]:
    """Return all rows of a list. Each row appears once, even if the list changes between two pages."""
    rows: dict[int, Any] = {}
    id_field = id_field or f"{key.removesuffix('s')}_id"
    page, last = 1, 1
    while page <= last:
        answer = hub.get(path, page=page, per_page=PAGE_SIZE, **{"with": "full"}, **params)
        rows.update({row[id_field]: row for row in answer[key]})
        last, page = answer["pagination"]["last_page"], page + 1
    return list(rows.values())


def _access_hint(hub: Hub) -> str:
    return (
        "List the downloads with: releasehub list"
        if hub.key
        else "A private one requires a key: run `releasehub login`."
    )
