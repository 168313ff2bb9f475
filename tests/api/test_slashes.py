"""A slash at the end of a path may be present, missing or doubled, and no form of a write is redirected."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.api.dialects import canonical_path, forum_url, is_api
from tests.api.calling import callers, chosen
from tests.api.described import operations
from tests.api.test_rights_before_bytes import routes
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user, make_version
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
# The form of a path is settled before the verb is looked at, so one write for each path is enough.
WRITES = [(verb, path) for path, verb in {path: verb for verb, path in operations() if verb != "get"}.items()]


def forms_of(path: str) -> list[str]:
    """Return other forms of the same path."""
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    return [other, path.replace("/", "//"), f"{path.rstrip('/')}//", f"/{path}"]


def test_every_route_of_an_api_is_known_in_every_form() -> None:
    found = [path for path in routes() if is_api(path) and path not in {"/api/", "/v3/"}]
    assert len(found) > 80
    for path in found:
        assert canonical_path(path) == path
        assert {canonical_path(form) for form in forms_of(path)} == {path}


@pytest.mark.parametrize("path", ["/", "/d/tool/", "/d//tool", "/account/", "/apis//", "/versions-of-mine//"])
def test_other_paths_stay_as_they_are(path: str) -> None:
    assert canonical_path(path) == path


def test_writes_are_answered_in_every_form() -> None:
    """Each path is sent in one other form; the test above has every form of every route."""
    successes = 0
    for turn, caller in enumerate(callers(WRITES)):
        headers = {"XF-Api-Key": make_key(caller.owner)}
        first = caller.send(headers)
        url = chosen(forms_of(caller.url), turn)
        status = caller.send(headers, url=f"http://testserver{url}").status_code
        assert (status, 300 <= status < 400) == (first.status_code, False), f"{caller.verb} {url}"
        successes += first.status_code < 300
    assert successes > 20


def test_links_of_a_list_have_the_form_of_the_route() -> None:
    response = ApiClient(make_key()).get("/v3//products/?limit=1")
    assert response.wsgi_request.build_absolute_uri() == "http://testserver/v3/products?limit=1"


@pytest.fixture
def version() -> Version:
    return make_version(make_download(make_user()))


class TestForumWithoutFriendlyUrls:
    """`/index.php?api/…` of the original system."""

    def send(self, version: Version, verb: str, url: str, body: Any = None) -> Any:
        client = ApiClient(make_key(version.download.owner))
        return client.get(url) if verb == "get" else client.send(verb, url, body)

    @pytest.mark.parametrize(
        "url",
        [
            "/index.php?api/mc-dm-versions/&download_id={}",
            "/index.php?api/mc-dm-versions&download_id={}",
            "/index.php?api/mc-dm-versions/?download_id={}",
            "/index.php?api%2Fmc-dm-versions%2F=&download_id={}",
        ],
    )
    def test_lists_are_found_in_every_form_of_the_url(self, version: Version, url: str) -> None:
        make_version()
        rows = self.send(version, "get", url.format(version.download_id)).json()["versions"]
        assert [row["version_id"] for row in rows] == [version.pk]

    def test_writes_are_accepted_in_every_form_of_the_url(self, version: Version) -> None:
        url = f"/index.php?api/mc-dm-versions/{version.pk}/"
        assert self.send(version, "put", url, {"title": "New"}).status_code == 200
        assert self.send(version, "delete", f"{url}&reason=old").json() == {"success": True}
        version.refresh_from_db()
        assert (version.title, version.is_deleted) == ("New", True)

    @pytest.mark.parametrize("query", ["", "api/", "api/uploads/", "x&api/mc-dm-versions/", "api/../mc-dm-versions/"])
    def test_other_queries_are_no_api_request(self, query: str) -> None:
        assert forum_url("/index.php", query) is None
        assert ApiClient().get(f"/index.php?{query}").status_code == 404

    def test_a_nul_in_the_route_is_refused(self) -> None:
        assert ApiClient().get("/index.php?api/mc-dm-versions/%00").status_code in {400, 404}
