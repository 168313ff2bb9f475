"""GitLab: releases with the files that their links lead to, among them those of the package registry.

Sources: GitLab API, "Releases", "Release links" and "Packages".
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceAsset, SourceKind, SourceRefused, SourceRelease, SourceSettings
from releasehub.importing.sources.http import SourceHttp, next_page, path_below
from releasehub.importing.sources.http_source import HttpSource
from releasehub.importing.sources.values import (
    MAX_ROWS,
    base_url_of,
    flag,
    moment,
    names_prerelease,
    number,
    object_of,
    row_list,
    text,
)

PER_PAGE = 50
MAX_PAGES = 10_000
MAX_PACKAGES = 100  # of one name and version; there is one, and those that are being deleted
# A link of these types leads to a page, or to an image in a container registry.
LEFT_OUT = frozenset({"runbook", "image"})
_PROJECT = re.compile(r"[0-9]{1,18}|[\w.-]{1,255}(?:/[\w.-]{1,255}){1,20}")
_FILE_PATH = re.compile(
    r"/projects/(?P<project>[^/]+)/(?:packages/.+|uploads/.+|jobs/(?:[^?]+/)?artifacts(?:[/?].*)?)", re.DOTALL
)
_PACKAGE_FILE = re.compile(
    r"/projects/(?P<project>[^/]+)/packages/generic/(?P<name>[^/]+)/(?P<version>[^/]+)/(?P<file>[^/?]+)"
)


class GitLabSource(HttpSource):
    def __init__(self, project: str, http: SourceHttp) -> None:
        super().__init__(http)
        self.project = project
        self._project_url = f"{http.base_url}/projects/{quote(project, safe='')}"
        self._package_files = lru_cache(maxsize=64)(self._load_package_files)

    def releases(self) -> Iterator[SourceRelease]:
        query = {"order_by": "released_at", "sort": "desc"}
        for row in self._rows(f"{self._project_url}/releases", query):
            yield self.release(row)

    def release(self, row: Mapping[str, Any]) -> SourceRelease:
        assets = object_of(row.get("assets") or {})
        tag = text(row, "tag_name")
        return SourceRelease(
            key=tag,
            tag=tag,
            title=text(row, "name") if text(row, "name") != tag else "",
            notes=text(row, "description"),
            is_prerelease=names_prerelease(tag),
            # A release with a date in the future is announced, but not published yet.
            is_draft=flag(row, "upcoming_release"),
            created_at=moment(row, "created_at"),
            published_at=moment(row, "released_at"),
            author=text(object_of(row.get("author") or {}), "username"),
            page_url=text(object_of(row.get("_links") or {}), "self"),
            commitish=text(object_of(row.get("commit") or {}), "id"),
            assets=tuple(
                self.asset(link)
                for link in row_list(assets.get("links") or [])
                if text(link, "link_type") not in LEFT_OUT
            ),
        )

    def asset(self, link: Mapping[str, Any]) -> SourceAsset:
        url = text(link, "url")
        package_file = self._package_file(url)
        name = file_name(link)
        size = number(package_file, "size") if package_file else 0
        return SourceAsset(
            key=str(number(link, "id")),
            name=name,
            url=url,
            size_bytes=size or None,
            digest=_digest(package_file),
            label=text(link, "name") if text(link, "name") != name else "",
            sends_token=self.is_own_url(url),
        )

    def is_own_url(self, url: str) -> bool:
        """Return whether the URL leads to a file of the project. Authors of releases can link any URL."""
        match = _FILE_PATH.fullmatch(path_below(self.http.base_url, url))
        return match is not None and self._is_own_project(unquote(match["project"]))

    def _is_own_project(self, name: str) -> bool:
        return name.lower() == self.project.lower() or name.lower() in self._other_names

    @cached_property
    def _other_names(self) -> frozenset[str]:
        """Return the id and the path of the project, because links may have either."""
        try:
            row = object_of(self.http.get_json(self._project_url)[0])
        except SourceRefused:
            return frozenset()
        return frozenset({str(number(row, "id")), text(row, "path_with_namespace").lower()} - {"", "0"})

    def _package_file(self, url: str) -> Mapping[str, Any]:
        """Return what the package registry of this server says about the file, or nothing."""
        match = _PACKAGE_FILE.match(path_below(self.http.base_url, url))
        if match is None or not self.is_own_url(url):
            return {}
        project, name, version, file = (unquote(match[part]) for part in ("project", "name", "version", "file"))
        return self._package_files(project, name, version).get(file, {})

    def _load_package_files(self, project: str, name: str, version: str) -> dict[str, Mapping[str, Any]]:
        packages_url = f"{self.http.base_url}/projects/{quote(project, safe='')}/packages"
        query = {"package_type": "generic", "package_name": name, "package_version": version}
        try:
            found: dict[str, Mapping[str, Any]] = {}
            for package in islice(self._rows(packages_url, query), MAX_PACKAGES):
                if (text(package, "name"), text(package, "version")) == (name, version):
                    files = islice(self._rows(f"{packages_url}/{number(package, 'id')}/package_files", {}), MAX_ROWS)
                    # A file that was uploaded again is listed again, and the last one is served.
                    rows = sorted(map(_package_facts, files), key=lambda row: number(row, "id"))
                    found |= {text(row, "file_name"): row for row in rows}
        except SourceRefused:
            return {}  # The token may read releases only. Then no digest is known.
        return found

    def _rows(self, url: str, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        page = f"{url}?{urlencode({**query, 'per_page': PER_PAGE})}"
        for _ in range(MAX_PAGES):
            rows, headers = self.http.get_json(page)
            yield from row_list(rows)
            page = next_page(headers)
            if not page:
                return
        raise SourceRefused(f"The list {url} has more than {MAX_PAGES} pages.")


def file_name(link: Mapping[str, Any]) -> str:
    """Return the name of the file behind a link.

    The name of a link may be a text for people, such as "Linux amd64". It is the name of the file if it has an
    extension and no space; else the paths of the link have the name.
    """
    name = text(link, "name")
    ends = [unquote(urlsplit(text(link, key)).path).rpartition("/")[2] for key in ("direct_asset_url", "url")]
    if name in ends or re.fullmatch(r"\S+\.\w{1,10}", name):
        return name
    return next((end for end in ends if "." in end), "") or next(filter(None, ends), "") or name


def _package_facts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is needed of the row of a file, so that long lists take little memory."""
    return {name: row.get(name) for name in ("id", "file_name", "size", "file_sha256", "file_sha1", "file_md5")}


def _digest(package_file: Mapping[str, Any]) -> str:
    for algorithm in ("sha256", "sha1", "md5"):
        if digest := text(package_file, f"file_{algorithm}"):
            return f"{algorithm}:{digest.lower()}"
    return ""


def build_gitlab(settings: SourceSettings) -> GitLabSource:
    project = re.sub(r"https?://[^/]+/", "", settings.address.strip()).strip("/").removesuffix(".git")
    if not _PROJECT.fullmatch(project) or ".." in project:
        message = f"The project {settings.address!r} has to look like group/project, or be its number."
        raise Invalid(message, field="address")
    secret = {"PRIVATE-TOKEN": settings.token} if settings.token else {}
    base_url = base_url_of(settings.api_url or GITLAB.default_api_url)
    return GitLabSource(project, SourceHttp(base_url, secret_headers=secret))


GITLAB = SourceKind(
    name="gitlab",
    label="GitLab",
    build=build_gitlab,
    address_example="group/project",
    default_api_url="https://gitlab.com/api/v4",
)
