"""Old events are deleted, except those that something still needs, and readers of the stream learn of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from releasehub.community.models import WatchCursor
from releasehub.search.models import SearchCursor
from releasehub.webhooks import event_retention
from releasehub.webhooks.event_retention import prune_events
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Delivery, Event
from releasehub.webhooks.stream import last_position, number_events, read_stream
from releasehub.webhooks.tasks import prune
from tests.conftest import ApiClient
from tests.factories import make_key, make_user, system
from tests.webhooks.conftest import announce, make_endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

OLD = timedelta(days=8)


@pytest.fixture(autouse=True)
def retention(settings: Any) -> None:
    settings.EVENT_RETENTION_DAYS = 7


def old_events(*object_ids: int) -> list[Event]:
    """Store old events with positions about these objects."""
    events = [announce(object_id) for object_id in object_ids]
    number_events()
    ids = [event.pk for event in events]
    Event.objects.filter(pk__in=ids).update(occurred_at=timezone.now() - OLD)
    return list(Event.objects.filter(pk__in=ids))


def left() -> list[tuple[int, int]]:
    return list(Event.objects.values_list("object_id", "sequence"))


def test_the_newest_event_of_each_object_is_kept() -> None:
    old_events(1, 2, 1, 1, 3)
    assert prune_events() == 2
    assert left() == [(2, 1), (1, 3), (3, 1)]
    assert announce(1).pk
    assert left()[-1] == (1, 4)


def test_young_events_are_kept(settings: Any) -> None:
    old_events(1, 1)
    settings.EVENT_RETENTION_DAYS = 9
    assert prune_events() == 0


def test_zero_days_delete_nothing(settings: Any) -> None:
    old_events(1, 1)
    settings.EVENT_RETENTION_DAYS = 0
    assert prune_events() == 0


def test_the_end_of_the_stream_does_not_move_back() -> None:
    first, second = old_events(1, 1)
    # The older event of the object has the last position: its transaction was committed last.
    Event.objects.filter(pk=second.pk).update(position=None)
    Event.objects.filter(pk=first.pk).update(position=second.position)
    Event.objects.filter(pk=second.pk).update(position=first.position)
    end = last_position()
    assert prune_events() == 0
    assert last_position() == end


def test_events_without_position_are_kept() -> None:
    first, *_ = old_events(1, 1)
    Event.objects.filter(pk=first.pk).update(position=None)
    assert prune_events() == 0


def test_events_are_kept_while_they_have_deliveries(settings: Any) -> None:
    endpoint = make_endpoint("http://127.0.0.1:8099/")
    old_events(1, 1)
    endpoint.deliveries.all().update(state=Delivery.State.FAILED)
    assert prune() == 0
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert prune() == 2 + 1
    assert left() == [(1, 2)]


@pytest.mark.parametrize("model", [SearchCursor, WatchCursor])
def test_events_that_a_task_has_not_read_are_kept(model: Any) -> None:
    first, *_ = old_events(1, 1, 1)
    model.objects.update_or_create(pk=1, defaults={"position": first.position})
    assert prune_events() == 1
    assert left() == [(1, 2), (1, 3)]


def test_clients_learn_that_events_were_deleted() -> None:
    kept, first, second, last = old_events(2, 1, 1, 1)
    client = ApiClient(make_key(make_user(is_superuser=True)))

    def is_truncated(after: int) -> bool:
        return client.get("/api/events", {"after": after}).json()["is_truncated"]

    assert [is_truncated(after) for after in (0, last.position)] == [False, False]
    assert prune_events() == 2
    shown = (0, kept.position, first.position, second.position, last.position)
    assert [is_truncated(after or 0) for after in shown] == [True, True, True, False, False]
    assert [event.pk for event in read_stream(system()).events] == [kept.pk, last.pk]


def test_events_outside_the_stream_are_not_missed() -> None:
    first, *_ = old_events(1, 1)
    Event.objects.filter(pk=first.pk).update(type=EventType.ENDPOINT_TEST)
    assert prune_events() == 1
    assert not read_stream(system()).is_truncated


def test_runs_continue_behind_kept_events_and_begin_again_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_retention, "BATCH_EVENTS", 2)
    monkeypatch.setattr(event_retention, "MAX_IDLE_BATCHES", 1)
    old_events(1, 2, 3, 3, 3)
    assert prune_events() == 0  # the first batch is kept
    assert prune_events() == 2
    old_events(1)
    assert prune_events() == 1
    assert left() == [(2, 1), (3, 3), (1, 2)]


@pytest.mark.parametrize("count", [3, 30])
def test_run_without_work_takes_a_constant_number_of_queries(count: int) -> None:
    old_events(*[1] * count)
    announce(1)
    number_events()
    assert prune_events() == count
    with CaptureQueriesContext(connection) as queries:
        assert prune_events() == 0
    assert len(queries) <= 5  # two of them are the savepoint of the test
