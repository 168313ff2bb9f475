"""Tests that deliveries go on and attempts are recorded during database outages and with endpoints that hang."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from types import ModuleType
from typing import Any

import pytest
from django.db import InternalError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction

from releasehub.webhooks import claims, delivery, formats, outages, results, sending
from releasehub.webhooks.claims import claim, renew
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.models import Attempt, Delivery
from tests.outbound.conftest import read_request
from tests.webhooks.conftest import OK, announce, make_endpoint

Start = Callable[..., Any]
Advance = Callable[[timedelta], None]
State = Delivery.State


def fail_during_outage(*args: Any, **options: Any) -> None:
    raise OperationalError("terminating connection")


def fail_on_standby(*args: Any, **options: Any) -> None:
    raise InternalError from ReadOnlySqlTransaction()


def failing(failures: list[Callable[..., None]], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, preceded by these database errors."""
    left = iter(failures)

    def run(*args: Any, **options: Any) -> Any:
        for fail in left:
            fail()
        return function(*args, **options)

    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("module", "name"), [(results, "record"), (claims, "release")])
def test_attempts_are_recorded_after_a_database_outage(
    module: ModuleType, name: str, receiver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for poller in (delivery, outages):
        monkeypatch.setattr(poller, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(sending, "SLOW_SECONDS", 0.0)  # every lane releases its unattempted deliveries
    monkeypatch.setattr(module, name, failing([fail_during_outage, fail_on_standby], getattr(module, name)))
    server = receiver(slow(0.01))
    make_endpoint(server.url)
    for _ in range(3):
        announce()
    assert deliver_batch() == 3
    assert len(server.ids) == len(set(server.ids)) == Attempt.objects.count() == 3
    assert not Delivery.objects.exclude(state=State.DELIVERED).exists()


@pytest.mark.django_db(transaction=True)
def test_running_lanes_are_recorded_although_claims_fail(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = receiver(slow(0.3))
    make_endpoint(server.url)
    announce()
    announce()
    real, calls = claims.claim, []

    def claim_once(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise OperationalError("the database system is starting up")
        return real(*args, **options)

    monkeypatch.setattr(claims, "claim", claim_once)
    monkeypatch.setattr(claims, "has_due_deliveries", lambda **_: bool(not calls or Attempt.objects.count() < 2))
    assert deliver_batch() == 2
    assert len(calls) > 1
    assert Delivery.objects.filter(state=State.DELIVERED).count() == 2


@pytest.mark.django_db
def test_lanes_stop_when_the_worker_fails(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = receiver(slow(0.1))
    make_endpoint(server.url)
    for _ in range(20):
        announce()
    monkeypatch.setattr(results, "record", failing([fail_during_outage], results.record))
    with pytest.raises(OperationalError):
        deliver_batch()  # inside the transaction of this test, which is broken now
    assert len(server.ids) <= 3


@pytest.mark.django_db
def test_lease_does_not_expire_while_it_is_renewed(receiver: Start, advance: Advance) -> None:
    make_endpoint(receiver().url)
    announce()
    (lane,) = claim(5)
    for _ in range(5):
        advance(claims.LEASE_DURATION * 0.8)
        renew({lane.token})
        assert claim(5) == []
    advance(claims.LEASE_DURATION * 1.1)
    (second,) = claim(5)
    before = Delivery.objects.get().lease_until
    advance(timedelta(seconds=1))
    renew({lane.token})
    assert Delivery.objects.get().lease_until == before
    assert second.token != lane.token


@pytest.mark.django_db
def test_worker_renews_leases_while_an_endpoint_is_slow(
    receiver: Start, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RENEW_SECONDS", 0.05)
    renewed: list[set[str]] = []
    monkeypatch.setattr(claims, "renew", renewed.append)
    make_endpoint(receiver(slow(0.5)).url)
    announce()
    assert deliver_batch() == 1
    assert renewed
    assert all(len(tokens) == 1 for tokens in renewed)


@pytest.mark.django_db
def test_healthy_endpoints_are_served_past_the_time_limit_while_another_hangs(
    receiver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_SECONDS", 600.0)
    arrived, all_arrived, held = count(1), threading.Event(), []

    def note_arrival(connection: socket.socket) -> None:
        connection.sendall(OK)
        if next(arrived) == 120:
            held.append(stuck.accepts)
            all_arrived.set()

    stuck, good = receiver(lambda connection: all_arrived.wait(300) and None), receiver(note_arrival)
    make_endpoint(stuck.url)
    make_endpoint(good.url)
    for _ in range(120):
        announce()
    deliver_batch(seconds=0.1)
    assert len(good.ids) == 120
    assert held == [2]


@pytest.mark.django_db
def test_lane_reuses_its_connection(receiver: Start) -> None:
    def keeping(connection: socket.socket) -> None:
        connection.sendall(OK)
        with suppress(OSError):
            while read_request(connection):
                connection.sendall(OK)

    server = receiver(keeping)
    make_endpoint(server.url)
    for _ in range(10):
        announce()
    assert deliver_batch() == 10
    assert server.accepts <= 2


@pytest.mark.django_db(transaction=True)
def test_database_error_while_rendering_postpones_the_delivery(
    receiver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_endpoint(receiver().url)
    announce()
    monkeypatch.setattr(formats, "render", failing([fail_during_outage], formats.render))
    with pytest.raises(OperationalError):
        claim(5)
    assert Delivery.objects.get().state == State.PENDING


def slow(seconds: float) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        time.sleep(seconds)
        connection.sendall(OK)

    return answer
