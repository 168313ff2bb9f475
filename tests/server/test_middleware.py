"""Tests of the middleware in front of the pages and of the APIs."""

from __future__ import annotations

import pytest
from django.test import Client

from releasehub.api.dialects import is_api
from releasehub.distribution import links
from releasehub.publishing.deletion import delete_version
from releasehub.server.page_middleware import API_POLICY
from tests.factories import make_download, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
POLICY = "Content-Security-Policy"


@pytest.mark.parametrize(
    "path", ["/api/mc-dm-downloads/", "/v3/status", "/versions?ids=[]", "/api/entities/x", "/api/no"]
)
def test_api_response_forbids_all_content_and_sets_no_cookie(client: Client, path: str) -> None:
    client.force_login(make_user())
    answer = client.get(path)
    assert answer[POLICY] == API_POLICY
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert not {"session", "_messages"} & vars(answer.wsgi_request).keys()
    assert "CSRF_COOKIE" not in answer.wsgi_request.META


@pytest.mark.parametrize(
    ("path", "is_relaxed"), [("/", False), ("/no-such-page/", False), ("/admin/login/", True), ("/api/docs/", False)]
)
def test_each_page_has_its_content_security_policy(client: Client, path: str, is_relaxed: bool) -> None:
    policy = client.get(path)[POLICY]
    assert "default-src 'self'" in policy
    assert ("'unsafe-inline'" in policy) is is_relaxed


def test_session_cookie_does_not_authenticate_api_requests(client: Client) -> None:
    """A browser sends its cookies by itself, so they must not authenticate a request to an API."""
    draft = make_version(make_download(), state="draft")
    client.force_login(draft.download.owner)
    assert client.get(f"/api/mc-dm-versions/{draft.pk}/").status_code == 404
    assert client.post("/api/mc-dm-versions/", {"download_id": draft.download_id}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/api/mc-dm-downloads/", "/v3/status"])
def test_unknown_host_name_is_refused_with_what_the_operator_can_do(client: Client, path: str) -> None:
    answer = client.get(path, HTTP_HOST="192.0.2.7")
    assert answer.status_code == 400
    assert "add the name to ALLOWED_HOSTS" in answer.content.decode()


def test_page_forms_require_a_csrf_token() -> None:
    user, browser = make_user(), Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.post("/account/sign-out/").status_code == 403


def test_is_api_recognizes_api_paths() -> None:
    assert all(map(is_api, ("/v3", "/v3/status", "/version/x", "/versions", "/version_file/x", "/api/updates/x")))
    assert not any(map(is_api, ("/", "/v3x", "/downloads/api/", "/versionsx", "/d/api/latest/", "/account/api")))


@pytest.mark.parametrize("path", ["/no-such-page/", "/v3/no-such-route", "/api/no", "/d/nothing/latest/", "/account"])
def test_errors_and_permanent_redirects_are_not_cached(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {301, 401, 403, 404}
    assert "no-store" in answer["Cache-Control"]


def test_response_with_a_cookie_is_not_cached(client: Client) -> None:
    answer = client.get(make_download().path, {"system": "macos"})
    assert "releasehub_system" in answer.cookies
    assert "no-store" in answer["Cache-Control"]


def test_410_is_not_cached_because_the_version_may_be_restored(client: Client) -> None:
    version = make_version(make_download(), "1.0.0")
    delete_version(actor=system(), version=version)
    answer = client.get(links.version_path(version))
    assert (answer.status_code, answer["Cache-Control"]) == (410, "no-store")


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "DELETE", "CONNECT"])
@pytest.mark.parametrize("path", ["/", "/account/sign-in/", "/admin/"])
def test_methods_that_no_page_has_are_405(client: Client, method: str, path: str) -> None:
    answer = client.generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v3/nowhere/at/all", 404),
        ("POST", "/api/nowhere", 404),
        ("POST", "/api/entities/nowhere/at/all", 404),
        ("PUT", "/api/v3/nowhere", 404),
        ("POST", "/version/nowhere/at/all", 404),
        ("PUT", "/api/mc-dm-versions/", 404),
        ("PUT", "/v3/releases", 405),
        ("POST", "/v3/releases", 413),
    ],
)
def test_a_large_body_for_a_route_that_takes_none_is_not_called_too_large(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.generic(method, path, b"", "application/json", CONTENT_LENGTH="30000000")
    assert answer.status_code == status
