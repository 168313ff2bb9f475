"""XenForo Resource Manager: the versions of a resource, with the notes of the updates that announced them.

Source: XenForo REST API, tags "resources" and "resource-versions".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceAsset, SourceKind, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.bbcode import to_markdown
from releasehub.importing.sources.http import SourceHttp
from releasehub.importing.sources.http_source import HttpSource
from releasehub.importing.sources.values import (
    epoch,
    names_prerelease,
    number,
    object_of,
    required_base_url,
    row_list,
    tag_and_number,
    text,
)

MAX_PAGES = 1000
MAX_UPDATE_CHARACTERS = 64 * 1024 * 1024
# An update and its version are stored one after the other, by one form.
SECONDS_APART = 300
_RESOURCE = re.compile(r"(?:https?://\S+/resources/(?:[^/\s]*\.)?)?(?P<id>[0-9]{1,18})/?")


class XenForoSource(HttpSource):
    def __init__(self, resource_id: str, http: SourceHttp) -> None:
        super().__init__(http)
        self._resource_url = f"{http.base_url}/resources/{resource_id}"

    def releases(self) -> Iterator[SourceRelease]:
        resource = object_of(self._get(f"{self._resource_url}/").get("resource"))
        updates = list(self._updates())
        versions = row_list(self._get(f"{self._resource_url}/versions").get("versions"))
        for row in sorted(versions, key=lambda row: number(row, "release_date"), reverse=True):
            if text(row, "version_state") in {"", "visible"}:
                yield self.release(row, resource, updates)

    def release(
        self, row: Mapping[str, Any], resource: Mapping[str, Any], updates: list[Mapping[str, Any]]
    ) -> SourceRelease:
        update = _update_of(row, updates)
        title, version = text(update, "title"), text(row, "version_string")
        tag, number_text = tag_and_number(version)
        return SourceRelease(
            key=str(number(row, "resource_version_id")),
            tag=tag,
            number=number_text,
            is_prerelease=names_prerelease(version),
            title="" if title == version else title,
            notes=to_markdown(text(update, "message")),
            created_at=epoch(row, "release_date"),
            published_at=epoch(row, "release_date"),
            author=text(resource, "username"),
            page_url=text(row, "view_url") or text(resource, "view_url"),
            assets=tuple(self._assets(row)),
        )

    def _assets(self, row: Mapping[str, Any]) -> Iterator[SourceAsset]:
        """Yield the files of a version, or the file at the URL elsewhere that the version names."""
        version_id = number(row, "resource_version_id")
        if url := text(row, "download_url"):
            name = unquote(urlsplit(url).path).rpartition("/")[2] or f"{text(row, 'version_string')}.bin"
            yield SourceAsset(key=url, name=name, url=url)
        for file in row_list(row.get("files") or []):
            yield SourceAsset(
                key=str(number(file, "id")),
                name=text(file, "filename"),
                url=f"{self.http.base_url}/resource-versions/{version_id}/download?file={number(file, 'id')}",
                size_bytes=number(file, "size"),
                sends_token=True,
            )

    def _updates(self) -> Iterator[Mapping[str, Any]]:
        size = 0
        for page in range(1, MAX_PAGES + 1):
            answer = self._get(f"{self._resource_url}/updates?{urlencode({'page': page})}")
            for row in row_list(answer.get("updates")):
                size += len(text(row, "message"))
                if size > MAX_UPDATE_CHARACTERS:
                    raise SourceRefused("The updates of the resource are too long to read.")
                yield {name: row.get(name) for name in ("title", "message", "message_state", "post_date")}
            if number(object_of(answer.get("pagination") or {}), "last_page") <= page:
                return
        raise SourceRefused(f"The resource has more than {MAX_PAGES} pages of updates.")

    def _get(self, url: str) -> Mapping[str, Any]:
        return object_of(self.http.get_json(url)[0])


def _update_of(version: Mapping[str, Any], updates: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the update that announced the version, or nothing: the API states no relation but their times."""
    released = number(version, "release_date")
    visible = (row for row in updates if text(row, "message_state") in {"", "visible"})
    nearest = min(visible, key=lambda row: abs(number(row, "post_date") - released), default=None)
    if nearest is None or abs(number(nearest, "post_date") - released) > SECONDS_APART:
        return {}
    return nearest


def build_xenforo(settings: SourceSettings) -> XenForoSource:
    match = _RESOURCE.fullmatch(settings.address.strip())
    if match is None:
        message = f"Enter the number of the resource, or the URL of its page, not {settings.address!r}."
        raise Invalid(message, field="address")
    secret = {"XF-Api-Key": settings.token} if settings.token else {}
    base_url = required_base_url(settings, "https://forum.example.com/api")
    return XenForoSource(match["id"], SourceHttp(base_url, secret_headers=secret))


XENFORO = SourceKind(
    name="xenforo",
    label="XenForo Resource Manager",
    build=build_xenforo,
    address_example="the number of the resource, such as 42",
)
