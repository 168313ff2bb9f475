"""A stand-in of GitLab: releases with links, and the registry of generic packages."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.importing.standins.server import MISSING, Answer, Standin, page_of

PROJECT = "acme/tools/app"


@dataclass
class GitLabStandin(Standin):
    """A project with releases. `packages` has the content of files by package name, version and file name."""

    secret_header: str = "PRIVATE-TOKEN"
    releases: list[dict[str, Any]] = field(default_factory=list)
    packages: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    per_page: int = 2
    project_id: int = 1

    @property
    def api(self) -> str:
        return f"{self.url}/api/v4"

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        project = "/api/v4/projects/acme%2Ftools%2Fapp"
        if path == project:
            return Answer({"id": self.project_id, "path_with_namespace": PROJECT})
        if path == f"{project}/releases":
            return self.list_page(self.releases, path, query)
        if path == f"{project}/packages":
            return self.list_page([row for row in self.package_rows() if self.matches(row, query)], path, query)
        if match := re.fullmatch(rf"{project}/packages/(\d+)/package_files", path):
            return self.list_page(self.file_rows(int(match[1])), path, query)
        if match := re.fullmatch(rf"{project}/packages/generic/([^/]+)/([^/]+)/([^/]+)", path):
            name, version, file = map(unquote, match.groups())
            content = self.packages.get((name, version, file))
            return MISSING if content is None else Answer(body=content)
        return MISSING

    def list_page(self, rows: list[Any], path: str, query: dict[str, str]) -> Answer:
        page = int(query.get("page", 1))
        has_more = page * self.per_page < len(rows)
        rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
        link = f'<{self.url}{path}?{rest}&page={page + 1}>; rel="next"' if has_more else ""
        headers = {"Link": link} if link else {}
        return Answer(page_of(rows, page, self.per_page), headers=headers)

    def package_keys(self) -> list[tuple[str, str]]:
        return sorted({(name, version) for name, version, _ in self.packages})

    def package_rows(self) -> list[dict[str, Any]]:
        keys = self.package_keys()
        return [
            {"id": keys.index(key) + 1, "name": key[0], "version": key[1], "package_type": "generic"} for key in keys
        ]

    @staticmethod
    def matches(row: dict[str, Any], query: dict[str, str]) -> bool:
        """Return whether a list contains the package. The search by name is fuzzy."""
        return query.get("package_name", "") in row["name"] and query.get("package_version") in {None, row["version"]}

    def file_rows(self, package_id: int) -> list[dict[str, Any]]:
        key = self.package_keys()[package_id - 1]
        return [
            {
                "id": number,
                "package_id": package_id,
                "file_name": file,
                "size": len(content),
                "file_md5": hashlib.md5(content).hexdigest(),  # noqa: S324 - GitLab states it
                "file_sha1": hashlib.sha1(content).hexdigest(),  # noqa: S324 - GitLab states it
                "file_sha256": hashlib.sha256(content).hexdigest(),
            }
            for number, ((name, version, file), content) in enumerate(self.packages.items(), 1)
            if (name, version) == key
        ]

    def package_link(self, number: int, version: str, file: str, label: str = "") -> dict[str, Any]:
        """Return a link of a release to a file of the package registry."""
        return {
            "id": number,
            "name": label or file,
            "url": f"{self.api}/projects/acme%2Ftools%2Fapp/packages/generic/app/{version}/{file}",
            "direct_asset_url": f"{self.url}/{PROJECT}/-/releases/v{version}/downloads/{file}",
            "link_type": "package",
        }


def release_row(tag: str, links: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """Return a release as the documentation shows it."""
    return {
        "tag_name": tag,
        "name": f"Release {tag}",
        "description": f"## {tag}\r\n\r\n- Faster",
        "created_at": "2021-01-03T01:56:19.539Z",
        "released_at": "2021-01-04T01:56:19.539Z",
        "upcoming_release": False,
        "author": {"id": 1, "name": "Ada", "username": "ada"},
        "commit": {"id": "079e90101242458910cccd35eab0e211dfc359c0", "short_id": "079e9010"},
        "assets": {
            "count": 1 + len(links),
            "sources": [{"format": "zip", "url": f"https://gitlab.example.com/acme/-/archive/{tag}/app.zip"}],
            "links": links,
        },
        "_links": {"self": f"https://gitlab.example.com/{PROJECT}/-/releases/{tag}"},
        **fields,
    }


def some_gitlab(standin: GitLabStandin) -> GitLabStandin:
    """Fill the stand-in with three releases, whose files are in the package registry."""
    standin.packages = {
        ("app", "1.0.0", "app.bin"): b"first" * 100,
        ("app", "1.1.0", "app.bin"): b"second" * 100,
        ("app", "1.1.0", "app-windows.bin"): b"windows" * 100,
        ("app", "1.2.0-rc.1", "app.bin"): b"candidate" * 100,
        ("app-tools", "1.1.0", "app.bin"): b"another package",
    }
    links = [
        standin.package_link(2, "1.1.0", "app.bin"),
        standin.package_link(3, "1.1.0", "app-windows.bin", "Windows 64"),
    ]
    page = {"id": 9, "name": "Runbook", "url": "https://wiki.example.com/app", "link_type": "runbook"}
    standin.releases = [
        release_row("v1.2.0-rc.1", [standin.package_link(4, "1.2.0-rc.1", "app.bin")]),
        release_row("v1.1.0", [*links, page], name="v1.1.0"),
        release_row("v1.0.0", [standin.package_link(1, "1.0.0", "app.bin")]),
    ]
    return standin
