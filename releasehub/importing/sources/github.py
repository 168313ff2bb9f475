"""GitHub, GitHub Enterprise Server and hubs that speak the same API.

Source: GitHub REST API, "List releases" and "Get a release asset".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceAsset, SourceKind, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.http import SourceHttp, next_page, path_below
from releasehub.importing.sources.http_source import HttpSource
from releasehub.importing.sources.values import base_url_of, flag, moment, number, row_list, text

RELEASES_PER_PAGE = 30
MAX_PAGES = 10_000
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")
_ASSET_PATH = re.compile(r"/repos/[\w.-]+/[\w.-]+/releases/assets/[0-9]+")
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")


class GitHubSource(HttpSource):
    page_query = f"per_page={RELEASES_PER_PAGE}"
    media_type = "application/vnd.github+json"

    def __init__(self, repository: str, http: SourceHttp) -> None:
        self.repository = repository
        super().__init__(http)

    def releases(self) -> Iterator[SourceRelease]:
        url = f"{self.http.base_url}/repos/{self.repository}/releases?{self.page_query}"
        for _ in range(MAX_PAGES):
            rows, headers = self.http.get_json(url, accept=self.media_type)
            for row in row_list(rows):
                yield self.release(row)
            url = next_page(headers)
            if not url:
                return
        raise SourceRefused(f"The list of releases has more than {MAX_PAGES} pages.")

    def release(self, row: Mapping[str, Any]) -> SourceRelease:
        author = row.get("author")
        return SourceRelease(
            key=str(number(row, "id")),
            tag=text(row, "tag_name"),
            title=text(row, "name"),
            notes=text(row, "body"),
            is_prerelease=flag(row, "prerelease"),
            is_draft=flag(row, "draft"),
            created_at=moment(row, "created_at"),
            published_at=moment(row, "published_at"),
            author=text(author, "login") if isinstance(author, dict) else "",
            page_url=text(row, "html_url"),
            commitish=text(row, "target_commitish"),
            assets=tuple(self.asset(item) for item in row_list(row.get("assets") or []) if _is_complete(item)),
        )

    def asset(self, row: Mapping[str, Any]) -> SourceAsset:
        digest, url = text(row, "digest").lower(), self.asset_url(row)
        return SourceAsset(
            key=str(number(row, "id")),
            name=text(row, "name"),
            url=url,
            size_bytes=number(row, "size"),
            digest=digest if _DIGEST.fullmatch(digest) else "",
            label=text(row, "label"),
            download_count=number(row, "download_count"),
            sends_token=self.is_own_url(url),
        )

    def asset_url(self, row: Mapping[str, Any]) -> str:
        """Return the URL in the API, which also serves the bytes of private repositories."""
        return text(row, "url") or text(row, "browser_download_url")

    def is_own_url(self, url: str) -> bool:
        """Return whether the URL leads to an asset, and to nothing else that the token can read."""
        return bool(_ASSET_PATH.fullmatch(path_below(self.http.base_url, url)))


def _is_complete(asset: Mapping[str, Any]) -> bool:
    """Return whether the upload of the asset to the source has ended. Other states are `starter` and `open`."""
    return text(asset, "state") in {"", "uploaded"}


def repository_of(settings: SourceSettings) -> str:
    """Return the address if it has the form owner/repository. A URL of the repository is accepted as well."""
    path = re.sub(r"https?://[^/]+/", "", settings.address.strip()).removesuffix("/").removesuffix(".git")
    if not _REPOSITORY.fullmatch(path) or ".." in path:
        raise Invalid(f"The repository {settings.address!r} has to look like owner/repository.", field="address")
    return path


def build_github(settings: SourceSettings) -> GitHubSource:
    secret = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    base_url = base_url_of(settings.api_url or GITHUB.default_api_url)
    return GitHubSource(repository_of(settings), SourceHttp(base_url, secret_headers=secret))


GITHUB = SourceKind(
    name="github",
    label="GitHub, GitHub Enterprise",
    build=build_github,
    address_example="owner/repository",
    default_api_url="https://api.github.com",
)
