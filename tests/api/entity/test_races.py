"""Concurrent requests with real threads: each change happens exactly once, and no request fails with a 5xx."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from downloads.models import Category
from files.models import Blob, File, UploadSession
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.webhooks import models as webhooks
from tests.api.entity.world import World, moment
from tests.api.native.test_uploads import left_behind
from tests.conftest import ApiClient
from tests.factories import make_key, make_version
from tests.racing import at_once
from versions.models import Version

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
    ),
    pytest.mark.django_db(transaction=True),
]
WRITERS = 8
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1"))


def confirming(world: World, body: dict[str, Any]) -> Callable[[], Any]:
    client = ApiClient(make_key(world.owner))
    return lambda: client.send("post", f"{world.url}/versions/confirm", body)


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def made_once(version: Version) -> None:
    """Check that there is one audit row and one event of each kind."""
    for action in (AuditAction.VERSION_CREATE, AuditAction.VERSION_PUBLISH):
        assert AuditEntry.objects.filter(action=action, target_id=version.pk).count() == 1
    found = webhooks.Event.objects.filter(object_type="version", object_id=version.pk)
    assert Counter(found.values_list("type", flat=True)) == {"version.created": 1, "version.published": 1}


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_parallel_confirms_of_one_upload_create_one_version(round_number: int) -> None:
    world = World()
    body = world.uploaded()
    answers = at_once([confirming(world, body) for _ in range(WRITERS)])
    assert statuses(answers) == {201: 1, 200: WRITERS - 1}
    assert len({answer.json()["version"]["id"] for answer in answers}) == 1
    made_once(Version.objects.get())
    assert (File.objects.count(), Blob.objects.count()) == (2, 2)
    assert left_behind() == []


def test_parallel_confirms_of_one_number_create_one_version() -> None:
    world, number = World(), moment()
    answers = at_once([confirming(world, world.uploaded(version=number)) for _ in range(WRITERS)])
    assert statuses(answers) == {201: 1, 409: WRITERS - 1}
    made_once(Version.objects.get())


def test_parallel_confirms_of_one_source_create_one_version() -> None:
    world = World()
    answers = at_once([confirming(world, world.uploaded(source_hash="a" * 64)) for _ in range(WRITERS)])
    assert statuses(answers) == {201: 1, 200: WRITERS - 1}
    made_once(Version.objects.get())


def test_parallel_announcements_and_confirms_never_fail() -> None:
    """Many clients run both steps of the same version at the same time."""
    world, number = World(), moment()

    def flow() -> Any:
        client = ApiClient(make_key(world.owner))
        fields = {"version": number, "source_hash": "b" * 64}
        answer = client.send("post", f"{world.url}/versions/upload-url", fields)
        if "upload_url" not in answer.json():
            return answer
        content = b"PK\x05\x06" + b"\0" * 18  # an empty zip
        announced = fields | answer.json()
        world.send(announced, content)
        return client.send("post", f"{world.url}/versions/confirm", world.confirmation(announced, content))

    answers = at_once([flow] * 8)
    assert set(statuses(answers)) <= {200, 201, 409}
    assert statuses(answers)[201] == 1
    made_once(Version.objects.get())


def test_there_is_never_more_than_one_active_version() -> None:
    world = World()
    versions = [make_version(world.entity, moment(), files=1) for _ in range(WRITERS)]
    is_over, seen = Event(), set()

    def watch() -> None:
        while not is_over.is_set():
            seen.add(Version.objects.filter(download=world.entity, is_active=True).count())
        connection.close()

    def activating(version: Version) -> Callable[[], list[int]]:
        client, body = ApiClient(make_key(world.owner)), {"versionId": version.public_id}
        return lambda: [client.send("put", f"{world.url}/versions/active", body).status_code for _ in range(5)]

    watcher = Thread(target=watch)
    watcher.start()
    answers = at_once([activating(version) for version in versions])
    is_over.set()
    watcher.join()
    assert {status for found in answers for status in found} == {200}
    assert seen <= {0, 1}
    last = webhooks.Event.objects.filter(type="version.activated").latest("id")
    assert Version.objects.get(is_active=True).pk == last.object_id


def test_concurrent_activation_and_deletion_do_not_fail() -> None:
    world = World()
    versions = [make_version(world.entity, moment(), files=1) for _ in range(8)]

    def calls(version: Version) -> list[Callable[[], Any]]:
        clients = [ApiClient(make_key(world.owner)) for _ in range(2)]
        body = {"versionId": version.public_id}
        return [
            lambda: clients[0].send("put", f"{world.url}/versions/active", body),
            lambda: clients[1].send("delete", f"{world.url}/versions/{version.public_id}"),
        ]

    answers = at_once([call for version in versions for call in calls(version)])
    assert set(statuses(answers)) <= {200, 204, 404, 409}
    assert not Version.all_objects.filter(is_active=True, deleted_at__isnull=False).exists()


def test_concurrent_creations_share_the_category_and_one_gets_the_slug() -> None:
    owner = World().owner
    Category.objects.filter(slug="entities").update(slug="before")

    def creating() -> Callable[[], Any]:
        client = ApiClient(make_key(owner))
        return lambda: client.send("post", "/api/entities", {"type": "app", "slug": "one", "name": "One"})

    answers = at_once([creating() for _ in range(WRITERS)])
    assert statuses(answers)[201] == 1
    assert set(statuses(answers)) <= {201, 409}
    assert Category.objects.filter(slug="entities").count() == 1


def test_confirm_waits_for_a_slow_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request respects the lease of another worker, and answers in time that the work is not finished."""
    monkeypatch.setattr("files.uploads.immediate_verification.WAIT_SECONDS", 0.3)
    world = World()
    body = world.uploaded()
    upload = UploadSession.objects.get(storage_key=body["storage_path"])
    from files.uploads.open_ended import declare_size
    from files.uploads.verification_queue import claim_upload

    declare_size(upload, body["file_size_bytes"])
    assert claim_upload(upload.pk) is not None
    answer = confirming(world, body)()
    assert (answer.status_code, answer.json()["error"]) == (409, "upload_state")
    UploadSession.objects.update(lease_until=None)
    assert confirming(world, body)().status_code == 201
