"""Traffic events: which downloads are announced, to whom, as what, and at which cost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.services import update_download
from files.models import Blob, File
from files.services import link_file, update_file
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import StorageUnavailable
from releasehub.distribution import traffic
from releasehub.distribution.delivery import signed_address
from releasehub.distribution.links import file_path
from releasehub.distribution.presented_keys import KeyRefused
from releasehub.webhooks import formats
from releasehub.webhooks import traffic as signals
from releasehub.webhooks.endpoints import create_endpoint, update_endpoint
from releasehub.webhooks.models import Delivery, Endpoint, Event, TrafficSignal
from releasehub.webhooks.pruning import prune_deliveries
from releasehub.webhooks.stream import read_stream
from tests.factories import make_download, make_file, make_organization, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ALL_GATES = ["gate_passed"] * 4


@pytest.fixture
def file(local_storage: Any) -> File:
    return make_file(content=b"0123456789")


def subscribe(*events: str, **fields: Any) -> Endpoint:
    values = {"url": "https://93.184.215.14/hook", "format": "mc_dm", "events": list(events or ("traffic.*",))}
    return create_endpoint(actor=system(), **values | fields)[0]


def fetch(file: File, query: str = "", *, user: User | None = None, **headers: str) -> int:
    client = Client()
    if user:
        client.force_login(user)
    answer: Any = client.get(f"{file_path(file)}{query}", headers=headers)
    _ = b"".join(answer) if answer.streaming else b""
    return int(answer.status_code)


def sent() -> list[dict[str, Any]]:
    """Return the bodies of all deliveries so far, in order."""
    traffic.announce_traffic()
    rows = Delivery.objects.select_related("event").order_by("id")
    return [json.loads(formats.render(row.format, row.event)) for row in rows]


def names() -> list[str]:
    return [body["event"] for body in sent()]


def test_download_is_announced_with_its_gates(file: File) -> None:
    download = file.version.download
    update_download(actor=system(), download=download, description="Reads *any* table.")
    subscribe()
    assert fetch(file) == 200
    bodies = sent()
    assert [body["event"] for body in bodies] == [
        *ALL_GATES,
        "gate_all_passed",
        "download_started",
        "download_completed",
    ]
    assert [body["data"]["gate"] for body in bodies[:4]] == ["permission", "password", "criteria", "rate_limit"]
    last = bodies[-1]
    assert (last["content_type"], last["content_id"]) == ("mc_dm_download", download.pk)
    data = last["data"]
    assert (data["file_id"], data["version_id"], data["download_id"]) == (file.pk, file.version_id, download.pk)
    assert (data["description"], data["Category"]["title"]) == ("Reads *any* table.", download.category.title)
    assert not TrafficSignal.objects.exists()
    assert Event.objects.filter(object_type="traffic").exclude(actor_id=None).count() == 0


def test_download_without_subscription_stores_nothing_and_costs_no_query(file: File) -> None:
    for endpoint in (subscribe("*"), subscribe("download.*", "version.*"), subscribe(download_id=make_download().pk)):
        assert endpoint.wants_traffic == (endpoint.download_id is not None)
    fetch(file)  # fills the cache of the subscriptions
    with CaptureQueriesContext(connection) as queries:
        fetch(file)
    assert not any("webhooks" in query["sql"] for query in queries)
    assert not TrafficSignal.objects.exists()


def test_download_with_subscription_costs_one_insert(file: File) -> None:
    subscribe()
    fetch(file)
    with CaptureQueriesContext(connection) as queries:
        fetch(file)
    statements = [query["sql"].split()[0] for query in queries if "webhooks" in query["sql"]]
    assert statements == ["INSERT"]


@pytest.mark.parametrize("headers", [{"Range": "bytes=5-"}, {"Range": "bytes=99-"}])
def test_resumed_download_is_not_announced(file: File, headers: dict[str, str]) -> None:
    subscribe()
    fetch(file, **headers)
    Client().head(file_path(file))
    assert sent() == []


def test_first_part_of_a_file_is_started_but_not_completed(file: File) -> None:
    subscribe("traffic.started", "traffic.completed")
    assert fetch(file, Range="bytes=0-4") == 206
    assert names() == ["download_started"]


def test_missing_key_stops_at_the_gate_of_the_password(file: File) -> None:
    update_file(actor=system(), file=file, is_secured=True)
    subscribe()
    assert fetch(file) == 403
    bodies = sent()
    assert [(body["event"], body["data"]["gate"]) for body in bodies] == [
        ("gate_passed", "permission"),
        ("gate_failed", "password"),
    ]


def test_last_use_that_another_request_took_stops_at_the_rate_limit(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise KeyRefused("No downloads left.")

    monkeypatch.setattr("releasehub.distribution.gate.Toll.pay", refuse)
    subscribe("traffic.gate_failed", "traffic.completed")
    assert fetch(file) == 403
    (body,) = sent()
    assert (body["event"], body["data"]["gate"]) == ("gate_failed", "rate_limit")


def break_storage(file: File, patch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise StorageUnavailable

    patch.setattr("files.storage.LocalStorage.open", fail)


def lose_object(file: File, patch: pytest.MonkeyPatch) -> None:
    Blob.objects.update(state=Blob.State.MISSING)


def fail_validation(file: File, patch: pytest.MonkeyPatch) -> None:
    File.objects.filter(pk=file.pk).update(validation_status=File.Validation.FAILED)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [(break_storage, "storage_unreadable"), (lose_object, "missing_object"), (fail_validation, "validation_failed")],
)
def test_failed_download_says_why(file: File, monkeypatch: pytest.MonkeyPatch, cause: Any, reason: str) -> None:
    subscribe("traffic.failed", "traffic.completed")
    cause(file, monkeypatch)
    # Outsiders do not see a file that failed its checks.
    assert fetch(file, user=file.version.download.owner) in {403, 503}
    (body,) = sent()
    assert (body["event"], body["data"]["reason"]) == ("download_failed", reason)


def test_link_and_signed_url_are_completed_when_they_are_handed_over(rf: Any) -> None:
    version = make_version()
    link = link_file(actor=system(), version=version, url="https://93.184.215.14/tool.zip")
    File.objects.filter(pk=link.pk).update(validation_status=File.Validation.PASSED)
    subscribe("traffic.completed")
    assert fetch(link) == 302
    signed_address(rf.get("/"), make_file(version), Actor(user=version.download.owner))
    assert names() == ["download_completed"] * 2


def test_traffic_event_reaches_only_endpoints_of_the_download_and_its_owners(file: File) -> None:
    organization = make_organization()
    for fields in ({}, {"download_id": file.version.download_id}, {"organization": organization}):
        subscribe("traffic.completed", **fields)
    subscribe("traffic.completed", download_id=make_download().pk)
    subscribe("traffic.completed", is_active=False)
    subscribe("traffic.completed", criteria={"download": {"category_id": [0]}})
    fetch(file)
    assert len(sent()) == 2
    update_download(actor=system(), download=file.version.download, organization=organization)
    fetch(file)
    assert len(sent()) == 5


def test_drafts_are_not_announced(file: File) -> None:
    subscribe("traffic.completed", format="standard")
    owner = file.version.download.owner
    draft = make_file(make_version(file.version.download, state="draft"))
    in_draft = make_file(make_version(make_download(owner, state="draft")))
    assert [fetch(row, user=owner) for row in (draft, in_draft)] == [200, 200]
    traffic.announce_traffic()
    assert not Delivery.objects.exists()


def test_traffic_events_are_not_sent_to_chats(file: File) -> None:
    subscribe(format="slack")
    fetch(file)
    assert sent() == []


def test_database_error_does_not_fail_the_download(
    file: File, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(row: Any, **_: Any) -> None:
        raise DatabaseError("The disk is full.")

    subscribe()
    monkeypatch.setattr(signals, "insert", fail)
    assert fetch(file) == 200
    assert "was not announced" in caplog.text


def test_only_so_many_downloads_a_minute_are_announced(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "MAX_SIGNALS_PER_WINDOW", 2)
    monkeypatch.setattr(signals.time, "time", lambda: 0.0)
    subscribe("traffic.started")
    entries = AuditEntry.objects.count()
    for _ in range(3):
        assert fetch(file) == 200
    assert len(sent()) == 2
    assert AuditEntry.objects.count() == entries


def test_traffic_is_not_in_the_stream_and_is_pruned_with_its_deliveries(file: File) -> None:
    subscribe("traffic.completed")
    fetch(file)
    assert len(sent()) == 1
    assert "traffic.completed" not in {event.type for event in read_stream(system()).events}
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=99), state=Delivery.State.DELIVERED)
    others = Event.objects.exclude(object_type="traffic").count()
    prune_deliveries()
    assert Event.objects.count() == others


def test_traffic_of_deleted_endpoints_is_pruned_without_a_retention_period(file: File, settings: Any) -> None:
    settings.WEBHOOK_RETENTION_DAYS = 0
    endpoint, _ = subscribe("traffic.completed"), subscribe("traffic.started")
    fetch(file)
    traffic.announce_traffic()
    endpoint.delete()
    prune_deliveries()
    assert {event.type for event in Event.objects.filter(object_type="traffic")} == {"traffic.started"}


def test_change_of_the_events_changes_the_subscription() -> None:
    endpoint = subscribe("traffic.completed")
    assert endpoint.wants_traffic
    assert not update_endpoint(actor=system(), endpoint=endpoint, events=["download.*"]).wants_traffic
    assert update_endpoint(actor=system(), endpoint=endpoint, events=["traffic.failed"]).wants_traffic
    assert update_endpoint(actor=system(), endpoint=endpoint, title="Same events").wants_traffic
