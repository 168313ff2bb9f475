"""Another ReleaseHub. Its mc-dm API has everything that a version consists of, with `with=full`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceAsset, SourceKind, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.http import SourceHttp
from releasehub.importing.sources.mc_dm import McDmSource
from releasehub.importing.sources.values import flag, number, object_of, required_base_url, row_list, text, text_list
from versions.tags import tag_of_number

_SLUG = re.compile(r"[-A-Za-z0-9_]{1,100}")
_DRAFTS = frozenset({"draft", "scheduled", "pending"})


class ReleaseHubSource(McDmSource):
    """The versions of a download of another hub, which is found by its slug."""

    files_query = {"with": "full"}

    def __init__(self, slug: str, http: SourceHttp) -> None:
        super().__init__("", http)
        self.slug = slug
        self.download_title = ""

    def releases(self) -> Iterator[SourceRelease]:
        download = self._find_download()
        self.download_id, self.download_title = str(number(download, "download_id")), text(download, "title")
        yield from super().releases()

    def version_order(self) -> dict[str, Any]:
        return {**super().version_order(), "with": "full"}

    def release(self, row: Mapping[str, Any], assets: tuple[SourceAsset, ...]) -> SourceRelease:
        release = super().release(row, assets)
        # The hub answers with the usual tag of the number if no tag was sent.
        version, tag = text(row, "version_string"), text(row, "tag")
        fields = {"platforms": text_list(row, "platforms"), "end_of_support": text(row, "end_of_support")}
        return replace(
            release,
            key=text(row, "public_id") or release.key,
            tag="" if tag == tag_of_number(version) else tag,
            number=version,
            channel=text(row, "channel"),
            is_draft=text(row, "state") in _DRAFTS,
            is_archived=text(row, "state") == "archived",
            yank_reason=text(row, "yank_reason") if flag(row, "is_yanked") else None,
            fields={**release.fields, **{name: value for name, value in fields.items() if value}},
        )

    def title(self, row: Mapping[str, Any]) -> str:
        title = text(row, "display_title")
        return "" if title == f"{self.download_title} {text(row, 'version_string')}" else title

    def asset(self, row: Mapping[str, Any]) -> SourceAsset:
        asset = super().asset(row)
        kind = text(row, "kind")
        return replace(
            asset,
            key=text(row, "public_id") or asset.key,
            platform=text(row, "platform"),
            architecture=text(row, "architecture"),
            fields={**asset.fields, **({"kind": kind} if kind else {})},
        )

    def _find_download(self) -> Mapping[str, Any]:
        query = urlencode({"slug": self.slug, "with": "full"})
        answer, _headers = self.http.get_json(f"{self.http.base_url}/mc-dm-downloads/?{query}")
        rows = row_list(object_of(answer).get("downloads"))
        found = next((row for row in rows if text(row, "slug") == self.slug), None)
        if found is None:
            raise SourceRefused(f"The hub has no download {self.slug}, or hides it without a key that may read it.")
        return found


def build_releasehub(settings: SourceSettings) -> ReleaseHubSource:
    if not _SLUG.fullmatch(settings.address):
        raise Invalid(f"Enter the slug of the download, such as packsmith, not {settings.address!r}.", field="address")
    secret = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    base_url = required_base_url(settings, "https://hub.example.com").removesuffix("/api")
    return ReleaseHubSource(settings.address, SourceHttp(f"{base_url}/api", secret_headers=secret))


RELEASEHUB = SourceKind(
    name="releasehub",
    label=gettext_noop("Another ReleaseHub"),
    build=build_releasehub,
    address_example="the slug of the download, such as packsmith",
)
