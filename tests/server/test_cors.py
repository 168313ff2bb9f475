"""Scripts of other origins may use the APIs and permanent links, and never the pages with a session."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasehub.api.dialects import is_api
from releasehub.server.cors import PERMANENT_LINK
from tests.api.test_rights_before_bytes import routes
from tests.conftest import ApiClient
from tests.factories import make_file, make_key

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ORIGIN = {"Origin": "https://app.example"}


def preflight(path: str, verb: str = "PUT") -> Any:
    headers = ORIGIN | {"Access-Control-Request-Method": verb, "Access-Control-Request-Headers": "xf-api-key"}
    return Client(raise_request_exception=False).options(path, headers=headers)


def test_preflight_is_answered_on_every_api_and_on_no_page() -> None:
    for path in routes():
        response = preflight(path)
        assert "Access-Control-Allow-Credentials" not in response, path
        if is_api(path):
            assert (response.status_code, response["Access-Control-Allow-Origin"]) == (204, "*"), path
            assert "PATCH" in response["Access-Control-Allow-Methods"]
            assert {"Authorization", "XF-Api-Key"} <= set(response["Access-Control-Allow-Headers"].split(", "))
        elif not PERMANENT_LINK.match(path):
            assert "Access-Control-Allow-Origin" not in response, path


def test_headers_that_libraries_add_are_allowed() -> None:
    """Octokit sets User-Agent, which Firefox sends, and others set headers of their own."""
    allowed = set(preflight("/api/v3/repos/ann/tool/releases", "GET")["Access-Control-Allow-Headers"].split(", "))
    assert {"Authorization", "User-Agent", "X-Requested-With", "Content-Disposition", "*"} <= allowed


@pytest.mark.parametrize("path", ["/d/tool/latest/", "/ann/tool/releases/latest/download/tool.zip"])
def test_permanent_links_can_only_be_read(path: str) -> None:
    response = preflight(path, "POST")
    assert response["Access-Control-Allow-Methods"] == "GET, HEAD"


def test_responses_can_be_read() -> None:
    file = make_file()
    version = file.version
    client = ApiClient(make_key(version.download.owner))
    anonymous = ApiClient()
    for response in (
        anonymous.get("/api/mc-dm-downloads/", headers=ORIGIN),
        anonymous.get(f"/api/updates/{version.download.slug}?version=0.1", headers=ORIGIN),
        anonymous.get(f"/d/{version.download.slug}/latest/", headers=ORIGIN),
        client.get("/v3/products", headers=ORIGIN),
        client.get("/version", headers=ORIGIN),
    ):
        response.close()
        assert response.status_code == 200
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v3/products", 401), ("/api/nothing", 404), ("/api/whoami?a=%00", 400), ("/d/nothing/latest/", 404)],
)
def test_errors_can_be_read(path: str, status: int) -> None:
    response = ApiClient().get(path, headers=ORIGIN)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (status, "*")


def test_pages_send_no_cors_headers() -> None:
    assert "Access-Control-Allow-Origin" not in Client().get("/", headers=ORIGIN)


def test_an_ordinary_options_request_reaches_the_route() -> None:
    response = Client().options("/v3/products", headers=ORIGIN)
    assert response.status_code != 204
