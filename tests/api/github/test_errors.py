"""What the dialect refuses, and how it says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.models import Download
from downloads.services import update_download
from releasehub.apikeys.models import ApiKey
from releasehub.core.site import site_url
from tests.api.github.conftest import BINARY, Repository
from tests.conftest import ApiClient
from tests.factories import make_key, make_user, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def error(message: str, status: int) -> dict[str, Any]:
    return {"message": message, "documentation_url": f"{site_url()}/api/docs/github/", "status": str(status)}


def test_an_unknown_or_revoked_key_has_bad_credentials(repository: Repository) -> None:
    for key in ("rh_unknown", make_key(repository.owner)):
        ApiKey.objects.update(revoked_at=timezone.now())
        answer = Client(headers={"Authorization": f"token {key}"}).get(repository.path)
        assert (answer.status_code, answer.json()) == (401, error("Bad credentials", 401))
        assert answer["X-OAuth-Scopes"] == ""


def test_writes_need_a_key(repository: Repository) -> None:
    answer = repository.create(client=repository.guest)
    assert (answer.status_code, answer.json()) == (401, error("Requires authentication", 401))


@pytest.mark.parametrize(
    "path", ["/api/v3/repos/Bob/tool", "/api/v3/repos/Ada/other", "/api/v3/x", "/api/v3/users/Eve"]
)
def test_what_does_not_exist_is_not_found(repository: Repository, path: str) -> None:
    for send in (repository.client.get, repository.client.post, repository.guest.get):
        answer = send(path)
        assert (answer.status_code, answer.json()) == (404, error("Not Found", 404))
        assert answer["X-RateLimit-Limit"]


def test_a_hidden_repository_is_not_found(repository: Repository) -> None:
    update_download(actor=system(), download=repository.download, visibility="private")
    release = repository.publish()
    stranger = ApiClient(make_key(make_user()))
    for client in (repository.guest, stranger):
        for path in (
            "",
            "/releases",
            "/releases/latest",
            "/tags",
            f"/releases/{release['id']}",
            "/git/ref/tags/v1.0.0",
        ):
            assert repository.get(path, client).status_code == 404
    for answer in (
        repository.create(client=stranger),
        repository.send("patch", f"/releases/{release['id']}", {"name": "x"}, stranger),
        repository.send("delete", f"/releases/{release['id']}", client=stranger),
        repository.upload(release["id"], client=stranger),  # type: ignore[arg-type]
    ):
        assert (answer.status_code, answer.json()) == (404, error("Not Found", 404))


def test_what_is_visible_but_not_allowed_is_forbidden(repository: Repository) -> None:
    release = repository.publish()
    asset = f"/releases/assets/{release['assets'][0]['id']}"
    reader = ApiClient(make_key(repository.owner, scopes=["mc_dm_download:read"]))
    for client in (reader, ApiClient(make_key(make_user()))):
        for answer in (
            repository.create("v2", client=client),
            repository.send("patch", f"/releases/{release['id']}", {"name": "x"}, client),
            repository.send("delete", f"/releases/{release['id']}", client=client),
            repository.send("delete", asset, client=client),
            repository.upload(release["id"], "more.bin", client=client),  # type: ignore[arg-type]
        ):
            assert answer.status_code == 403
            assert answer.json()["message"].startswith("Resource not accessible by personal access token")
    assert repository.get("", reader).json()["permissions"]["push"] is False
    assert Version.objects.count() == 1


def test_nobody_outside_the_team_sees_a_draft(repository: Repository) -> None:
    release = repository.create().json()
    asset = repository.upload(release["id"]).json()
    for client in (repository.guest, ApiClient(make_key(make_user()))):
        assert repository.get("/releases", client).json() == repository.get("/tags", client).json() == []
        for path in (
            f"/releases/{release['id']}",
            f"/releases/{release['id']}/assets",
            "/releases/tags/v1.0.0",
            "/releases/latest",
            f"/releases/assets/{asset['id']}",
            "/git/ref/tags/v1.0.0",
        ):
            assert repository.get(path, client, headers={"Accept": BINARY}).status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "tag_name", "missing_field"),
        ({"tag_name": 1.1}, "tag_name", "invalid"),
        ({"tag_name": ""}, "tag_name", "invalid"),
        ({"tag_name": "a//b"}, "tag_name", "custom"),
        ({"tag_name": "v1", "draft": "maybe"}, "draft", "invalid"),
        ({"tag_name": "v1", "make_latest": "sometimes"}, "make_latest", "invalid"),
        ({"tag_name": "v1", "name": "n" * 300}, "name", "invalid"),
        ({"tag_name": "v1", "body": "b" * 60_000}, "body", "custom"),
    ],
)
def test_invalid_members_are_named(repository: Repository, body: dict[str, Any], field: str, code: str) -> None:
    answer = repository.send("post", "/releases", body)
    found = answer.json()["errors"][0]
    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert (found["resource"], found["field"], found["code"]) == ("Release", field, code)
    assert ("message" in found) == (code != "missing_field")


@pytest.mark.parametrize("body", ["{", "[]", "5", '"x"'])
def test_a_body_that_is_no_object_cannot_be_parsed(repository: Repository, body: str) -> None:
    answer = repository.client.generic("POST", f"{repository.path}/releases", body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Problems parsing JSON")


def test_a_large_body_is_refused(repository: Repository) -> None:
    body = b'{"tag_name": "v1", "body": "' + b"x" * 10 * 1024 * 1024 + b'"}'
    answer = repository.client.generic("POST", f"{repository.path}/releases", body, "application/json")
    assert (answer.status_code, answer.json()["status"]) == (413, "413")
    assert (answer["X-GitHub-Request-Id"], answer["X-GitHub-Enterprise-Version"]) == (answer["X-Request-Id"], "3.17.0")
    assert not Version.objects.exists()


def test_a_rejected_file_says_why(repository: Repository) -> None:
    release = repository.create().json()
    answer = repository.upload(release["id"], "tool.zip", b"no archive")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "custom")
    assert "not such an archive" in answer.json()["errors"][0]["message"]


def test_a_limit_that_is_exceeded(repository: Repository, settings: Any) -> None:
    settings.ANONYMOUS_RATE = 1
    assert repository.get("", repository.guest)["X-RateLimit-Remaining"] == "0"
    answer = repository.get("", repository.guest)
    assert (answer.status_code, answer["X-RateLimit-Used"]) == (429, "1")
    assert answer.json()["message"].startswith("API rate limit exceeded")
    assert int(answer["Retry-After"]) >= 1
    assert repository.get("").status_code == 200


def test_a_deleted_repository_is_not_found(repository: Repository) -> None:
    release = repository.publish()
    Download.objects.update(deleted_at=timezone.now())
    for path in ("", "/releases", f"/releases/{release['id']}", "/releases/latest"):
        assert repository.get(path, repository.guest).status_code == 404
