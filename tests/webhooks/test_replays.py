"""Tests of replays, pruning and metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, NotFound
from releasehub.webhooks import formats
from releasehub.webhooks.claims import claim
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.endpoint_states import pause_endpoint
from releasehub.webhooks.metrics import webhook_metrics
from releasehub.webhooks.models import Attempt, Delivery, Endpoint, Event, Payload
from releasehub.webhooks.replays import cancel_pending, replay_delivery, replay_failed, replay_range
from releasehub.webhooks.tasks import prune
from tests.factories import make_user, system
from tests.webhooks.conftest import announce, make_endpoint, status

pytestmark = pytest.mark.django_db
Start = Callable[..., Any]
State = Delivery.State


def test_replay_sends_the_same_id_and_body(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url)
    announce()
    deliver_batch()
    monkeypatch.setitem(formats._renderers, ("standard", "version"), lambda event: "a later release of the hub")
    Endpoint.objects.filter(pk=endpoint.pk).update(format="v3")
    replay_delivery(actor=system(), delivery=Delivery.objects.get())
    assert deliver_batch() == 1
    (first, body), (second, again) = server.received
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    row = Delivery.objects.get()
    assert (row.state, row.attempt_count, row.attempts.count()) == (State.DELIVERED, 2, 2)
    assert AuditEntry.objects.filter(action="endpoint.replay").count() == 1


def test_replay_makes_a_waiting_delivery_due(receiver: Start) -> None:
    server = receiver(status(500))
    make_endpoint(server.url)
    announce()
    deliver_batch()
    row = Delivery.objects.get()
    replay_delivery(actor=system(), delivery=row)
    assert deliver_batch() == 1
    row.refresh_from_db()
    assert (row.attempt_count, row.step) == (2, 1)


def test_delivery_that_is_being_sent_cannot_be_replayed(receiver: Start) -> None:
    make_endpoint(receiver().url)
    announce()
    claim(5)
    with pytest.raises(Conflict):
        replay_delivery(actor=system(), delivery=Delivery.objects.get())


def test_failed_deliveries_are_replayed(receiver: Start) -> None:
    server = receiver()
    endpoint, other = make_endpoint(server.url), make_endpoint(server.url)
    for _ in range(4):
        announce()
    deliver_batch()
    rows = Delivery.objects.order_by("id")
    Delivery.objects.filter(pk__in=[row.pk for row in rows[:6]]).update(state=State.FAILED)
    assert replay_failed(actor=system(), endpoint=endpoint) == 3
    assert deliver_batch() == 3
    assert replay_failed(actor=system(), endpoint=endpoint) == 0
    assert other.deliveries.filter(state=State.FAILED).count() == 3


def test_time_range_is_replayed(receiver: Start) -> None:
    server = receiver()
    endpoint = make_endpoint(server.url)
    events = [announce() for _ in range(5)]
    now = timezone.now()
    for hours, event in enumerate(events):
        Event.objects.filter(pk=event.pk).update(occurred_at=now - timedelta(hours=hours))
    deliver_batch()
    since, until = now - timedelta(hours=3), now - timedelta(hours=1)
    assert replay_range(actor=system(), endpoint=endpoint, since=since, until=until) == 2
    deliver_batch()
    assert len(server.ids) == 7
    assert len(set(server.ids)) == 5


def test_replay_requires_a_sending_endpoint_and_permission(receiver: Start) -> None:
    endpoint = make_endpoint(receiver().url)
    with pytest.raises(NotFound):
        replay_failed(actor=Actor(user=make_user()), endpoint=endpoint)
    endpoint = pause_endpoint(actor=system(), endpoint=endpoint)
    with pytest.raises(Conflict):
        replay_failed(actor=system(), endpoint=endpoint)


def test_pending_deliveries_are_cancelled(receiver: Start) -> None:
    endpoint = make_endpoint(receiver().url)
    announce()
    assert cancel_pending(actor=system(), endpoint=endpoint) == 1
    assert deliver_batch() == 0
    assert Delivery.objects.get().state == State.CANCELLED


def test_metrics(receiver: Start) -> None:
    good, bad = receiver(), receiver(status(500))
    make_endpoint(good.url)
    make_endpoint(bad.url)
    announce()
    deliver_batch()
    announce()
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    found = webhook_metrics()
    assert (found["queue_depth"], found["untried"]) == (3, 2)
    assert 119 < found["oldest_seconds"] < 130
    assert found["attempts"] == {"delivered": 1, "answered": 1, "unreachable": 0, "refused": 0}


def test_old_deliveries_are_deleted_and_events_are_kept(receiver: Start, settings: Any) -> None:
    make_endpoint(receiver().url)
    for _ in range(3):
        announce()
    deliver_batch()
    announce()  # waits
    old = timezone.now() - timedelta(days=31)
    keep = Delivery.objects.order_by("id")[0]
    Delivery.objects.exclude(pk=keep.pk).update(created_at=old)
    settings.WEBHOOK_RETENTION_DAYS = 0
    assert prune() == 0
    settings.WEBHOOK_RETENTION_DAYS = 30
    assert prune() == 2
    assert (Delivery.objects.count(), Payload.objects.count(), Attempt.objects.count()) == (2, 1, 1)
    assert Event.objects.count() == 4
