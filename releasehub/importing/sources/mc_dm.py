"""A server with the mc-dm API: the downloads manager of a XenForo forum, or another program that speaks it.

Source: MC Downloads Manager, "REST API", pages "Versions" and "Files".
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceAsset, SourceKind, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.http import SourceHttp
from releasehub.importing.sources.http_source import HttpSource
from releasehub.importing.sources.values import (
    MAX_ROWS,
    epoch,
    flag,
    names_prerelease,
    number,
    object_of,
    required_base_url,
    row_list,
    tag_and_number,
    text,
)

PER_PAGE = 100
MAX_PAGES = 10_000


class McDmSource(HttpSource):
    """The versions of a download. Each list of files takes a request, because lists of versions do not contain them."""

    files_query: Mapping[str, Any] = {}

    def __init__(self, download_id: str, http: SourceHttp) -> None:
        self.download_id = download_id
        super().__init__(http)

    def releases(self) -> Iterator[SourceRelease]:
        for row in self.rows("mc-dm-versions", "versions", download_id=self.download_id, **self.version_order()):
            files = self.rows("mc-dm-files", "files", version_id=number(row, "version_id"), **self.files_query)
            assets = (self.asset(file) for file in files if self.is_usable(file))
            yield self.release(row, tuple(islice(assets, MAX_ROWS)))

    def version_order(self) -> dict[str, Any]:
        return {"order": "release_date", "direction": "desc"}

    def rows(self, name: str, key: str, **query: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of all pages of a list.

        Pages are numbered. A server that answers with a cursor is asked for the page after it, so that rows that are
        added meanwhile shift nothing.
        """
        place: dict[str, Any] = {"page": 1}
        for _ in range(MAX_PAGES):
            url = f"{self.http.base_url}/{name}/?{urlencode({**query, 'per_page': PER_PAGE, **place})}"
            answer, _headers = self.http.get_json(url)
            yield from row_list(object_of(answer).get(key))
            pagination = object_of(object_of(answer).get("pagination") or {})
            if cursor := text(pagination, "next"):
                place = {"after": cursor}
            elif "page" in place and number(pagination, "last_page") > place["page"]:
                place = {"page": place["page"] + 1}
            else:
                return
        raise SourceRefused(f"The list of {key} has more than {MAX_PAGES} pages.")

    def release(self, row: Mapping[str, Any], assets: tuple[SourceAsset, ...]) -> SourceRelease:
        changelog = text(row, "changelog")
        tag, version = tag_and_number(text(row, "version_string"))
        return SourceRelease(
            key=str(number(row, "version_id")),
            tag=tag,
            number=version,
            is_prerelease=names_prerelease(tag or version),
            title=self.title(row),
            notes=text(row, "release_notes"),
            is_draft=not flag(row, "is_published"),
            created_at=epoch(row, "release_date"),
            published_at=epoch(row, "release_date") if flag(row, "is_published") else None,
            fields={"changelog": changelog} if changelog else {},
            assets=assets,
        )

    def title(self, row: Mapping[str, Any]) -> str:
        """Return the title of a version, unless it only repeats the title of the download and the number."""
        title, version = text(row, "display_title"), text(row, "version_string")
        return "" if title.endswith(f" {version}") or title == version else title

    def is_usable(self, row: Mapping[str, Any]) -> bool:
        return text(row, "validation_status") in {"", "passed"}

    def asset(self, row: Mapping[str, Any]) -> SourceAsset:
        digest = text(row, "file_hash").lower()
        return SourceAsset(
            key=str(number(row, "file_id")),
            name=text(row, "filename"),
            url=self.asset_url(row),
            size_bytes=number(row, "file_size") or (None if flag(row, "is_link_only") else 0),
            digest=digest if digest.startswith("sha256:") else "",
            label=text(row, "display_label"),
            download_count=number(row, "download_count"),
            fields={"is_primary": True} if flag(row, "is_primary") else {},
            sends_token=not flag(row, "is_link_only"),
        )

    def asset_url(self, row: Mapping[str, Any]) -> str:
        """Return where the bytes are. A link has them elsewhere; its credentials do not go there."""
        if flag(row, "is_link_only"):
            return text(row, "external_url")
        return f"{self.http.base_url}/mc-dm-files/{number(row, 'file_id')}/download/"


def build_mc_dm(settings: SourceSettings) -> McDmSource:
    if not (settings.address.isascii() and settings.address.isdecimal()):
        raise Invalid(f"Enter the number of the download, such as 42, not {settings.address!r}.", field="address")
    secret = {"XF-Api-Key": settings.token} if settings.token else {}
    base_url = required_base_url(settings, "https://forum.example.com/api")
    return McDmSource(settings.address, SourceHttp(base_url, secret_headers=secret))


MC_DM = SourceKind(
    name="mc-dm",
    label=gettext_noop("Server with the mc-dm API"),
    build=build_mc_dm,
    address_example="the number of the download, such as 42",
)
