"""Tests that events create deliveries for the matching endpoints, with few queries."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from files.models import File
from files.snapshots import file_snapshot
from releasehub.audit.models import AuditEntry
from releasehub.publishing.deletion import delete_download
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Delivery, Endpoint, Event
from releasehub.webhooks.services import publish, publish_all
from tests.factories import make_download, make_organization, make_version, system
from tests.webhooks.conftest import announce, make_endpoint

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8080/hook"


def wanted(**fields: Any) -> list[str]:
    """Publish one event of each type, and return the types that the endpoint gets."""
    endpoint = make_endpoint(URL, **fields)
    for event in EventType:
        announce(event=event)
    return list(Delivery.objects.filter(endpoint=endpoint).order_by("id").values_list("event__type", flat=True))


def test_rolled_back_change_leaves_no_event(django_capture_on_commit_callbacks: Any) -> None:
    version = make_version()
    make_endpoint(URL)
    events = Event.objects.count()
    with django_capture_on_commit_callbacks() as callbacks, suppress(ZeroDivisionError), transaction.atomic():
        publish(actor=system(), event=EventType.VERSION_UPDATED, target=version)
        assert Delivery.objects.count() == 1
        raise ZeroDivisionError
    assert (Event.objects.count(), Delivery.objects.count(), callbacks) == (events, 0, [])


def test_committed_change_wakes_a_worker(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[str] = []
    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", lambda name, **_: hints.append(name))
    version = make_version()
    with django_capture_on_commit_callbacks(execute=True):
        publish(actor=system(), event=EventType.VERSION_UPDATED, target=version)
    assert hints == []
    make_endpoint(URL)
    with django_capture_on_commit_callbacks(execute=True):
        publish(actor=system(), event=EventType.VERSION_UPDATED, target=version)
    assert hints == ["webhooks.deliver"]


def test_number_of_queries(django_assert_num_queries: Any) -> None:
    version = make_version()
    assert version.download.title
    events = [EventType.VERSION_CREATED, EventType.VERSION_PUBLISHED]
    with django_assert_num_queries(2):
        publish_all(actor=system(), events=events, target=version)
    for _ in range(5):
        make_endpoint(URL)
    with django_assert_num_queries(3):
        publish_all(actor=system(), events=events, target=version)
    assert Delivery.objects.count() == 10


def test_events_of_an_object_are_numbered() -> None:
    version = make_version()
    publish_all(actor=system(), events=[EventType.VERSION_UPDATED, EventType.VERSION_ACTIVATED], target=version)
    publish(actor=system(), event=EventType.VERSION_UPDATED, target=version)
    rows = Event.objects.filter(object_type="version", object_id=version.pk).order_by("id")
    assert list(rows.values_list("sequence", flat=True)) == list(range(1, rows.count() + 1))
    assert rows.count() >= 4


def test_event_reaches_endpoints_of_its_scopes() -> None:
    organization, other = make_organization(), make_organization()
    site = make_endpoint(URL)
    mine = make_endpoint(URL, organization=organization)
    make_endpoint(URL, organization=other)
    own = make_endpoint(URL, download_id=7)
    make_endpoint(URL, download_id=8)
    announce(download={"organization_id": organization.pk})
    assert set(Delivery.objects.values_list("endpoint", flat=True)) == {site.pk, mine.pk, own.pk}


def test_organization_is_found_at_any_depth() -> None:
    endpoint = make_endpoint(URL, organization=make_organization())
    scope = {"organization_id": endpoint.organization_id}
    announce(event=EventType.DOWNLOAD_UPDATED, **scope)
    announce(event=EventType.VERSION_UPDATED, download=scope)
    announce(event=EventType.FILE_UPDATED, version={"download": scope})
    assert Delivery.objects.count() == 3


def test_inactive_endpoints_get_no_deliveries_and_paused_ones_wait() -> None:
    off, disabled, paused = (make_endpoint(URL) for _ in range(3))
    Endpoint.objects.filter(pk=off.pk).update(is_active=False)
    Endpoint.objects.filter(pk=disabled.pk).update(disabled_at="2026-01-01T00:00Z")
    Endpoint.objects.filter(pk=paused.pk).update(paused_at="2026-01-01T00:00Z")
    announce()
    assert Delivery.objects.get().endpoint_id == paused.pk


def test_event_filter_decides_which_endpoints_receive_an_event() -> None:
    everything = [name for name in EventType.values if not name.startswith("traffic.")]
    assert wanted() == wanted(events=["*"]) == everything
    assert wanted(events=["version.created", "file.deleted"]) == ["version.created", "file.deleted"]
    assert {name.partition(".")[0] for name in wanted(events=["version.*"])} == {"version"}


def test_formats_omit_events_they_do_not_have() -> None:
    kinds = {name.partition(".")[0] for name in wanted(format="v3")}
    assert kinds == {"version", "file", "endpoint"}
    make_endpoint(URL, format="mc_dm")
    announce(state="draft")
    assert not Delivery.objects.filter(format="mc_dm").exists()
    announce(event=EventType.VERSION_DELETED, state="draft")
    announce(state="listed", download={"state": "draft"})
    announce(event=EventType.FILE_CREATED, version={"state": "published", "download": {"state": "draft"}})
    announce(event=EventType.DOWNLOAD_CREATED, state="draft")
    assert not Delivery.objects.filter(format="mc_dm").exists()
    announce(event=EventType.VERSION_UNPUBLISHED, state="draft", published_at="2026-01-01T00:00:00+00:00")
    assert Delivery.objects.filter(format="mc_dm").count() == 1


def test_criteria_limit_the_events() -> None:
    make_endpoint(URL, criteria={"version": {"channel": ["stable"], "download.category_id": [3, 4]}})
    passing = announce(channel="stable", download={"category_id": 4})
    announce(channel="beta", download={"category_id": 4})
    announce(channel="stable", download={"category_id": 5})
    announce(channel="stable")
    other = announce(event=EventType.FILE_UPDATED)
    assert list(Delivery.objects.order_by("id").values_list("event", flat=True)) == [passing.pk, other.pk]


def test_endpoints_are_deleted_with_their_download() -> None:
    download, other = make_download(), make_download()
    make_endpoint(URL, download_id=download.pk)
    kept = {make_endpoint(URL, download_id=other.pk), make_endpoint(URL)}
    delete_download(actor=system(), download=download)
    assert Endpoint.objects.count() == 3
    delete_download(actor=system(), download=download, hard=True)
    assert set(Endpoint.objects.all()) == kept
    assert AuditEntry.objects.filter(action="endpoint.delete").count() == 1
    assert Delivery.objects.latest("id").event.data["hard"]


def test_snapshots_embed_loaded_relations_without_a_query(django_assert_num_queries: Any) -> None:
    version = make_version(files=1)
    file = File.objects.select_related("version__download__category", "blob").get()
    with django_assert_num_queries(0):
        found = file_snapshot(file)["version"]["download"]
    assert (found["category"]["title"], found["owner"]) == (version.download.category.title, None)
    with django_assert_num_queries(2):
        publish(actor=system(), event=EventType.FILE_UPDATED, target=file)


def test_events_of_real_changes_are_delivered() -> None:
    download = make_download()
    make_endpoint(URL, download_id=download.pk)
    make_version(download, files=1)
    types = list(Delivery.objects.order_by("id").values_list("event__type", flat=True))
    assert types[0] == "version.created"
    assert "file.created" in types
    assert len(set(Delivery.objects.values_list("webhook_id", flat=True))) == len(types)
