"""docs/nginx.conf passes bodies through unbuffered only where the hub takes files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

pytestmark = pytest.mark.embedded

CONF = (Path(__file__).resolve().parent.parent / "docs" / "nginx.conf").read_text()
UPLOADS = {
    "mc-dm-file-list": reverse("mc-dm-file-list"),
    "upload-content": reverse("upload-content", args=["token"]),
    "download-pictures": reverse("download-pictures", args=[7]),
    "downloads_download_pictures": reverse("admin:downloads_download_pictures", args=[7]),
    "v3-content": reverse("v3-content", args=["a" * 24, "tool-1.0.zip"]),
    "v3-unnamed-content": reverse("v3-unnamed-content", args=["a" * 24]),
    "github-assets": reverse("github-assets", args=["acme", "tool", 7]),
    "github-uploads": reverse("github-uploads", args=["acme", "tool", 7]),
    "github-assets-of-run": reverse("github-assets-of-run", args=["acme", "tool", 7, 2]),
    "github-uploads-of-run": reverse("github-uploads-of-run", args=["acme", "tool", 7, 2]),
    "change-avatar": reverse("pages:change-avatar"),
    "desk-download-new": reverse("pages:desk-download-new"),
    "desk-pictures": reverse("pages:desk-pictures", args=["a" * 24]),
    "desk-file-upload": reverse("pages:desk-file-upload", args=["a" * 24]),
    "versions_version_upload": reverse("admin:versions_version_upload", args=[7]),
}
OTHERS = [
    "/",
    "/sign-in/",
    "/v3/accounts/login",
    "/v3/releases",
    "/api/mc-dm-versions/",
    "/api/uploads/",
    "/api/downloads/7/pictures/order",
    "/version_files",
    "/api/v3/repos/acme/tool/releases",
    "/api/v3/repos/acme/tool/releases/assets/7",
]


def unbuffered_paths() -> re.Pattern[str]:
    found = re.search(r'location ~ "([^"]+)" \{[^}]*proxy_request_buffering off;', CONF)
    assert found
    return re.compile(found[1])


def patterns(resolver: Any) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        yield from patterns(pattern) if isinstance(pattern, URLResolver) else [pattern]


def takes_files(pattern: URLPattern) -> bool:
    actions = set(getattr(pattern.callback, "actions", None) or {})
    names = {pattern.callback.actions[verb] for verb in actions}
    in_view_set = getattr(getattr(pattern.callback, "cls", None), "file_actions", frozenset()) & names
    return bool(in_view_set) or getattr(pattern.callback, "takes_files", False)


def test_nginx_disables_request_buffering_in_one_place() -> None:
    assert CONF.count("proxy_request_buffering off;") == 1


def test_list_contains_every_route_that_accepts_files() -> None:
    assert {pattern.name for pattern in patterns(get_resolver()) if takes_files(pattern)} == set(UPLOADS)


@pytest.mark.parametrize("path", UPLOADS.values(), ids=UPLOADS)
def test_uploads_are_not_buffered(path: str) -> None:
    assert unbuffered_paths().search(path)


@pytest.mark.parametrize("path", OTHERS)
def test_bodies_of_other_routes_are_buffered(path: str) -> None:
    assert not unbuffered_paths().search(path)
