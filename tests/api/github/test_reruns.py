"""Release tools that start again after a failure, or that run twice at once, never make two versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from downloads.models import TeamMember
from files.models import File
from releasehub.api.github import release_viewsets
from tests.api.github.conftest import BINARY, Repository
from tests.conftest import ApiClient
from tests.factories import make_key, make_user
from versions.models import Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> Repository:
    """Make the rows for each test, because the last one commits."""
    return Repository()


@pytest.mark.embedded
def test_a_second_run_takes_up_the_draft_without_its_files(repository: Repository) -> None:
    first = repository.create(name="One", body="Notes", target_commitish="dev", prerelease=True).json()
    repository.upload(first["id"])
    second = repository.create(name="Two")
    assert (second.status_code, second.json()["id"]) == (201, first["id"])
    release = second.json()
    assert (release["name"], release["body"], release["target_commitish"]) == ("Two", "", "main")
    assert (release["prerelease"], release["assets"]) == (False, [])
    assert File.all_objects.get().is_deleted
    assert repository.upload(first["id"], content=b"other bytes").status_code == 201


@pytest.mark.embedded
def test_a_draft_that_the_failed_run_has_deleted_is_taken_up(repository: Repository) -> None:
    first = repository.create().json()
    repository.upload(first["id"])
    assert repository.send("delete", f"/releases/{first['id']}").status_code == 204
    second = repository.create(name="Two")
    assert (second.status_code, second.json()["id"], second.json()["assets"]) == (201, first["id"], [])
    assert not Version.objects.get().is_deleted


@pytest.mark.embedded
def test_a_run_without_files_publishes_the_draft_of_a_failed_run(repository: Repository) -> None:
    first = repository.create().json()
    repository.upload(first["id"])
    second = repository.create(draft=False)
    release = second.json()
    assert (second.status_code, release["id"], release["draft"], release["assets"]) == (201, first["id"], False, [])


@pytest.mark.embedded
@pytest.mark.parametrize("is_deleted", [False, True])
def test_the_urls_of_an_earlier_run_change_nothing(repository: Repository, is_deleted: bool) -> None:
    first = repository.create(name="One").json()
    if is_deleted:
        assert repository.client.delete(first["url"]).status_code == 204
    second = repository.create(name="Two").json()
    assert first["url"].removesuffix("/1") == second["url"].removesuffix("/2")
    for run in (first, second):
        assert repository.client.get(run["url"]).json() == second
    uploaded = send_file(repository, second)
    assert uploaded.status_code == 201
    refused = [
        send_file(repository, first),
        send_file(repository, first, b"other bytes"),
        repository.client.send("patch", first["url"], {"draft": False}),
        repository.client.delete(first["url"]),
    ]
    for answer in refused:
        assert answer.status_code == 422
        assert "Another run has started the release v1.0.0 again" in answer.json()["errors"][0]["message"]
    published = repository.client.send("patch", second["url"], {"draft": False}).json()
    assert (published["name"], published["assets"]) == ("Two", [uploaded.json()])
    assert published["url"] == f"http://testserver{repository.path}/releases/{first['id']}"
    assert repository.client.delete(first["url"]).status_code == 422


@pytest.mark.embedded
def test_a_run_that_another_one_overtakes_gets_its_own_urls(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run starts after the change of this one, and before its response is written."""
    real = release_viewsets.create_tagged_version

    def overtaken(**options: Any) -> Any:
        monkeypatch.setattr(release_viewsets, "create_tagged_version", real)
        version = real(**options)
        assert repository.create().json()["url"].endswith("/runs/2")
        return version

    monkeypatch.setattr(release_viewsets, "create_tagged_version", overtaken)
    first = repository.create().json()
    assert first["url"].endswith("/runs/1")
    assert "/runs/1/" in first["upload_url"]


@pytest.mark.embedded
def test_urls_without_a_run_belong_to_every_run(repository: Repository) -> None:
    first, second = repository.create().json(), repository.create().json()
    assert repository.upload(first["id"]).status_code == 201
    assert len(repository.client.get(second["assets_url"]).json()) == 1
    assert repository.send("delete", f"/releases/{first['id']}").status_code == 204


def send_file(repository: Repository, release: Any, content: bytes = b"bytes") -> Any:
    """Upload a file as clients do that follow `upload_url`."""
    url = release["upload_url"].replace("{?name,label}", "?name=tool.bin")
    return repository.client.generic("POST", url, content, content_type=BINARY)


@pytest.mark.embedded
def test_a_published_release_is_not_taken_up(repository: Repository) -> None:
    repository.publish()
    answer = repository.create()
    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert answer.json()["errors"][0] | {"message": ""} == {
        "resource": "Release",
        "field": "tag_name",
        "code": "already_exists",
        "message": "",
    }


@pytest.mark.embedded
def test_a_draft_that_was_public_is_not_taken_up(repository: Repository) -> None:
    release = repository.publish()
    repository.send("patch", f"/releases/{release['id']}", {"draft": True})
    assert repository.create().status_code == 422
    assert File.objects.count() == 1


@pytest.mark.embedded
def test_a_draft_is_taken_up_only_by_those_who_may_replace_its_files(repository: Repository) -> None:
    helper = make_user()
    TeamMember.objects.create(download=repository.download, user=helper, can_upload=True)
    repository.upload(repository.create().json()["id"])
    answer = repository.create(client=ApiClient(make_key(helper)))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "already_exists")
    assert not File.objects.get().is_deleted


@pytest.mark.embedded
def test_a_number_that_another_version_has_is_taken(repository: Repository) -> None:
    repository.publish("v1.0.0")
    answer = repository.create("1.0.0")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "already_exists")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has a single writer.")
def test_two_runs_at_once_make_one_version(repository: Repository) -> None:
    start = Barrier(2)

    def create(key: str) -> Any:
        try:
            client = ApiClient(key)
            start.wait(timeout=30)
            return repository.create(client=client)
        finally:
            connections.close_all()

    keys = [make_key(repository.owner) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(create, keys))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["id"] for answer in answers}) == Version.all_objects.count() == 1
