"""Tests that no delivery is lost or sent twice needlessly, with concurrent workers and workers that die."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from releasehub.outbound.persistent_client import PersistentClient
from releasehub.webhooks import results, sending
from releasehub.webhooks.claims import MAX_LANE_DELIVERIES, claim, has_due_deliveries, release
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from releasehub.webhooks.results import record
from releasehub.webhooks.sending import attempt
from tests.webhooks.conftest import OK, announce, make_endpoint, status

Start = Callable[..., Any]
Advance = Callable[[timedelta], None]
State = Delivery.State

on_postgres = pytest.mark.skipif(
    "postgres" not in os.environ.get("DATABASE_URL", ""), reason="Several writers need PostgreSQL."
)


@pytest.mark.django_db
def test_claimed_deliveries_are_not_claimed_again_before_the_lease_expires(receiver: Start, advance: Advance) -> None:
    server = receiver()
    make_endpoint(server.url)
    announce()
    (lane,) = claim(5)
    assert claim(5) == []
    assert deliver_batch() == 0
    advance(timedelta(seconds=61))
    assert deliver_batch() == 1
    assert server.ids == [lane.deliveries[0].webhook_id]


@pytest.mark.django_db
def test_outcome_without_lease_is_ignored(receiver: Start, advance: Advance) -> None:
    server = receiver()
    make_endpoint(server.url)
    announce()
    (lane,) = claim(5)
    late = attempt(lane, lane.deliveries[0], PersistentClient())
    advance(timedelta(seconds=61))
    (second,) = claim(5)
    record([late])
    row = Delivery.objects.get()
    assert (row.state, row.lease_token, Attempt.objects.count()) == (State.PENDING, second.token, 0)
    release(lane.token, [row.pk])
    row.refresh_from_db()
    assert row.lease_token == second.token
    record([attempt(second, second.deliveries[0], PersistentClient())])
    record([late])
    row.refresh_from_db()
    assert (row.state, row.attempt_count, Attempt.objects.count()) == (State.DELIVERED, 1, 1)
    assert len(set(server.ids)) == 1
    assert len({body for _, body in server.received}) == 1


@pytest.mark.django_db
def test_endpoint_has_two_lanes_and_a_failing_one_has_one(receiver: Start) -> None:
    endpoint = make_endpoint(receiver().url)
    for _ in range(3 * MAX_LANE_DELIVERIES):
        announce()
    assert [len(lane.deliveries) for _ in range(3) for lane in claim(5)] == [MAX_LANE_DELIVERIES, MAX_LANE_DELIVERIES]
    Delivery.objects.update(lease_until=None, lease_token="")
    Endpoint.objects.filter(pk=endpoint.pk).update(consecutive_failures=1)
    assert len([lane for _ in range(3) for lane in claim(5)]) == 1


@pytest.mark.django_db
def test_object_of_another_lane_waits(receiver: Start) -> None:
    make_endpoint(receiver().url)
    for _ in range(MAX_LANE_DELIVERIES + 5):
        announce(1)
    announce(2)
    first, second = claim(5), claim(5)
    assert len(first[0].deliveries) == MAX_LANE_DELIVERIES
    assert len(second[0].deliveries) == 1
    assert Delivery.objects.get(pk=second[0].deliveries[0].delivery_id).object_key == "version:2"


@pytest.mark.django_db
def test_endpoints_take_turns(receiver: Start) -> None:
    server = receiver()
    for _ in range(5):
        make_endpoint(server.url)
    announce()
    order = [lane.endpoint_id for _ in range(3) for lane in claim(2)]
    assert len(set(order)) == 5


@pytest.mark.django_db
def test_slow_lane_releases_unattempted_deliveries(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SLOW_SECONDS", 0.05)

    def slow(connection: socket.socket) -> None:
        time.sleep(0.1)
        connection.sendall(OK)

    server = receiver(slow)
    make_endpoint(server.url)
    for _ in range(4):
        announce()
    assert deliver_batch(seconds=0.01) == 1
    assert Delivery.objects.filter(state=State.PENDING, lease_until=None).count() == 3
    assert has_due_deliveries()
    assert deliver_batch() == 3


@pytest.mark.django_db
def test_lane_waits_until_its_attempt_is_recorded(receiver: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that were sent but not recorded are sent again after a crash."""
    server, noted, ahead = receiver(), [0], []

    def slowly(outcomes: Any) -> None:
        time.sleep(0.1)
        ahead.append(len(server.requests) - noted[0])
        record(outcomes)
        noted[0] += len(outcomes)

    monkeypatch.setattr(results, "record", slowly)
    make_endpoint(server.url)
    for _ in range(8):
        announce()
    assert deliver_batch() == 8
    assert 0 < max(ahead) <= 1


@pytest.mark.django_db
def test_worker_without_work_costs_one_query(django_assert_num_queries: Any, receiver: Start) -> None:
    make_endpoint(receiver(status(500)).url)
    announce()
    deliver_batch()
    with django_assert_num_queries(1):
        assert deliver_batch() == 0


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_send_each_delivery_once_and_in_order(receiver: Start) -> None:
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()
    servers = [receiver(), receiver(), receiver()]

    def answering(server: Any) -> Callable[[socket.socket], None]:
        def answer(one: socket.socket) -> None:
            with lock:
                under_way[server.url] += 1
                most[server.url] = max(most[server.url], under_way[server.url])
            time.sleep(0.002)
            with lock:
                under_way[server.url] -= 1
            one.sendall(OK)

        return answer

    for server in servers:
        server._answer = answering(server)
        make_endpoint(server.url)
    for number in range(120):
        announce(1 + number % 6, number=number)
    run_workers(4)
    assert not Delivery.objects.exclude(state=State.DELIVERED).exists()
    for server in servers:
        assert len(server.ids) == len(set(server.ids)) == 120
        assert most[server.url] <= 2
        in_order(server)
    assert Attempt.objects.count() == 360


def run_workers(number: int) -> None:
    def run() -> None:
        try:
            while has_due_deliveries():
                deliver_batch()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def in_order(server: Any) -> None:
    sent: defaultdict[int, list[int]] = defaultdict(list)
    for _, body in server.received:
        number = json.loads(body)["data"]["number"]
        sent[number % 6].append(number)
    assert all(numbers == sorted(numbers) for numbers in sent.values())


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_events_are_published_while_workers_claim(receiver: Start) -> None:
    server = receiver()
    make_endpoint(server.url)
    done = threading.Event()

    def announce_many(first: int) -> None:
        try:
            for number in range(40):
                with transaction.atomic():
                    announce(first + number % 2, number=number)
        finally:
            connection.close()

    def work() -> None:
        try:
            while not done.is_set() or has_due_deliveries():
                deliver_batch(seconds=1)
        finally:
            connection.close()

    writers = [threading.Thread(target=announce_many, args=(10 * index,)) for index in range(1, 4)]
    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in (*writers, *workers):
        thread.start()
    for thread in writers:
        thread.join(300)
    done.set()
    for thread in workers:
        thread.join(300)
    assert Counter(server.ids) == Counter(Delivery.objects.values_list("webhook_id", flat=True))
    assert len(server.ids) == 120


KILLED_WORKER = """
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {name!r}
django.setup()
from releasehub.webhooks.delivery import deliver_batch
deliver_batch()
"""


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_killed_worker_loses_no_delivery(receiver: Start, advance: Advance) -> None:
    reached = threading.Event()
    is_first = True

    def answer(one: socket.socket) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            reached.set()
            time.sleep(1)
        one.sendall(OK)

    server = receiver(answer)
    make_endpoint(server.url)
    announce()
    announce()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.test",
        "RELEASEHUB_WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
    }
    script = KILLED_WORKER.format(name=connection.settings_dict["NAME"])
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    assert reached.wait(300)
    process.kill()
    process.wait(300)
    assert deliver_batch() == 0
    assert Delivery.objects.filter(state=State.PENDING).count() == 2
    advance(timedelta(seconds=61))
    assert deliver_batch() == 2
    assert not Delivery.objects.exclude(state=State.DELIVERED).exists()
    counts = Counter(server.ids)
    assert sorted(counts.values()) == [1, 2]
    assert len({body for headers, body in server.received if counts[headers["webhook-id"]] == 2}) == 1
