"""What programs without the right do not get: drafts, writes without the scope, changes of sealed releases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.programs import Programs
from tests.clients.site import Repository
from tests.ended import Ended

SECRET = b"the bytes of a draft"


@pytest.fixture
def draft(repository: Repository) -> Any:
    """A draft with one asset, next to a published release."""
    repository.release("v1.0.0", {"tool.bin": b"public"})
    made = repository.create("v2.0.0", draft=True, name="Unannounced")
    return made | {"asset": repository.attach(made, "secret.bin", SECRET)}


def curl(programs: Programs, url: str, *words: str) -> tuple[int, str]:
    """Return the status and the body that curl receives."""
    done: Ended = programs.run("curl", "--silent", "--location", "--write-out", "\n%{http_code}", *words, url)
    body, _, status = done.ok().out.rpartition("\n")
    return int(status), body


QUERY = '{"query": "{repository(owner: \\"ann\\", name: \\"%s\\") {release(tagName: \\"v2.0.0\\") {databaseId}}}"}'


@pytest.mark.parametrize("key", ["", "stranger"])
def test_others_see_no_draft(programs: Programs, repository: Repository, draft: Any, key: str) -> None:
    site = programs.site
    authorized = ["--header", f"Authorization: token {site.keys[key]}"] if key else []
    rest = f"{site.url}{repository.rest}"
    status, listed = curl(programs, f"{rest}/releases", *authorized)
    assert (status, "v1.0.0" in listed, "v2.0.0" in listed) == (200, True, False)
    for url in (
        f"{rest}/releases/{draft['id']}",
        f"{rest}/releases/tags/v2.0.0",
        f"{rest}/releases/{draft['id']}/assets",
        f"{rest}/releases/assets/{draft['asset']['id']}",
        f"{site.url}/{repository.full_name}/releases/download/v2.0.0/secret.bin",
        f"{site.url}/{repository.full_name}/releases/tag/v2.0.0",
    ):
        for more in ([], ["--header", "Accept: application/octet-stream"]):
            status, body = curl(programs, url, *authorized, *more)
            assert (status, "Unannounced" in body, SECRET.decode() in body) == (404, False, False), url
    status, latest = curl(programs, f"{rest}/releases/latest", *authorized)
    assert (status, '"v1.0.0"' in latest) == (200, True)
    content = ["--header", "Content-Type: application/json", "--data", QUERY % repository.name]
    asked = curl(programs, f"{site.url}/api/graphql", *authorized, *content)[1]
    assert str(draft["id"]) not in asked


def test_atom_feed_has_no_draft(programs: Programs, repository: Repository, draft: Any) -> None:
    status, feed = curl(programs, f"{programs.site.url}/{repository.full_name}/releases.atom")
    assert (status, "v1.0.0" in feed, "v2.0.0" in feed) == (200, True, False)


def test_a_read_key_writes_nothing(repository: Repository, draft: Any) -> None:
    reader = repository.site.keys["reader"]
    upload = draft["upload_url"].partition("{")[0].removeprefix(repository.site.url)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/releases", {"json": {"tag_name": "v3.0.0"}}),
        ("PATCH", f"/releases/{draft['id']}", {"json": {"draft": False}}),
        ("DELETE", f"/releases/{draft['id']}", {}),
        ("PATCH", f"/releases/assets/{draft['asset']['id']}", {"json": {"name": "other.bin"}}),
        ("DELETE", f"/releases/assets/{draft['asset']['id']}", {}),
        ("DELETE", "/git/refs/tags/v1.0.0", {}),
    ]
    for method, path, options in calls:
        refused = repository.call(method, path, reader, **options)
        assert refused.status_code == 403, (method, path, refused.text)
    headers = {"Authorization": f"Bearer {reader}"}
    sent = repository.site.api.post(upload, params={"name": "x.bin"}, content=b"x", headers=headers)
    assert sent.status_code == 403
    assert [release["tag_name"] for release in repository.releases() if not release["draft"]] == ["v1.0.0"]


def test_a_wrong_key_is_named(repository: Repository) -> None:
    refused = repository.get("/releases", "not-a-key")
    assert (refused.status_code, refused.json()["message"]) == (401, "Bad credentials")


def test_unknown_owners_are_not_found(repository: Repository) -> None:
    api = repository.site.api
    for path in (f"/api/v3/repos/nobody/{repository.name}", f"/nobody/{repository.name}/releases/latest"):
        assert api.get(path).status_code == 404


def test_a_large_body_of_json_is_refused(repository: Repository) -> None:
    body = {"tag_name": "v9.0.0", "body": "x" * 10 * 1024 * 1024}
    assert repository.call("POST", "/releases", json=body).status_code in {413, 422}
    assert repository.releases() == []


def test_a_sealed_release_keeps_its_assets(repository: Repository) -> None:
    draft = repository.create("v1.0.0", draft=True)
    repository.attach(draft, "tool.bin", b"sealed")
    repository.seal(draft)
    assert repository.by_tag("v1.0.0")["immutable"] is True
    (asset,) = repository.by_tag("v1.0.0")["assets"]
    upload = draft["upload_url"].partition("{")[0]
    added = repository.site.api.post(upload, params={"name": "more.bin"}, content=b"more")
    deleted = repository.call("DELETE", f"/releases/assets/{asset['id']}")
    for refused in (added, deleted):
        assert refused.status_code == 422
        assert "immutable release" in refused.text
