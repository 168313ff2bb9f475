"""Find downloads, versions and files on the hub by the names that users give them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from releasehub_cli.errors import CliError, HubError, conflict, not_found
from releasehub_cli.http import Hub
from releasehub_cli.output import Output
from releasehub_cli.shapes import DownloadRow, FileRow, VersionRow

DOWNLOADS, VERSIONS, FILES = "/api/mc-dm-downloads/", "/api/mc-dm-versions/", "/api/mc-dm-files/"
PAGE_SIZE = 100
_SLUG_IN_URL = re.compile(r"/downloads/([^/]+)\.\d+/")


def find_download(hub: Hub, name: str) -> DownloadRow:
    """Return the download with this slug, current or former, or with this id.

    Raises:
        CliError: The download does not exist, or the key has no access to it.
    """
    rows = cast("list[DownloadRow]", hub.get(DOWNLOADS, slug=name, **{"with": "full"})["downloads"])
    if rows:
        return rows[0]
    if name.isascii() and name.isdigit():
        try:
            return cast("DownloadRow", hub.get(f"{DOWNLOADS}{int(name)}/", **{"with": "full"})["download"])
        except HubError as error:
            if error.status != 404:
                raise
    raise not_found(f"The download {name} does not exist, or this key has no access to it.", _access_hint(hub))


def plain_number(number: str) -> str:
    """Return the version number without a leading v."""
    return number[1:] if number[:1] in {"v", "V"} and number[1:2].isdigit() else number


def slug_of(download: DownloadRow) -> str:
    match = _SLUG_IN_URL.search(download["view_url"])
    return match[1] if match else ""


def all_downloads(hub: Hub) -> list[DownloadRow]:
    return cast("list[DownloadRow]", pages(hub, DOWNLOADS, "downloads", order="title", direction="asc"))


def all_versions(hub: Hub, download: DownloadRow, **filters: str) -> list[VersionRow]:
    """Return the versions that the key has access to, highest number first."""
    rows = pages(hub, VERSIONS, "versions", download_id=download["download_id"], order="version_int", **filters)
    return cast("list[VersionRow]", rows)


def all_files(hub: Hub, version: VersionRow) -> list[FileRow]:
    return cast("list[FileRow]", pages(hub, FILES, "files", version_id=version["version_id"]))


def versions_with_number(hub: Hub, download: DownloadRow, number: str, channel: str = "") -> list[VersionRow]:
    """Return the versions with this number, with or without a leading v, or with this tag.

    A download may have thousands of versions, so the hub selects them.
    """
    plain = plain_number(number)
    filters = ({"version_string": plain}, {"version_string": f"v{plain}"}, {"tag": number})
    rows = {row["version_id"]: row for names in filters for row in all_versions(hub, download, **names)}
    return [row for row in rows.values() if channel in {"", row["channel"]}]


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


def version_with_id(hub: Hub, number: int | str) -> VersionRow:
    return cast("VersionRow", hub.get(f"{VERSIONS}{number}/", **{"with": "full"})["version"])


def mark_security(hub: Hub, version: VersionRow, *, is_security_release: bool = True, reason: str = "") -> None:
    """Mark the version as a security release, or remove the mark."""
    body = {"is_security_release": is_security_release, "reason": reason}
    hub.put(f"/api/versions/{version['version_id']}/security", body)


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
