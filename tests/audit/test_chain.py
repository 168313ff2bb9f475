"""Tests that the chain has consecutive positions, in the order of commits, and one chainer at a time."""

from __future__ import annotations

import random
import time
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from releasehub.audit import services, tasks
from releasehub.audit.actions import AuditAction
from releasehub.audit.chain import chain_rows, tip
from releasehub.audit.heads import export_head
from releasehub.audit.links import GENESIS, canonical
from releasehub.audit.models import AuditEntry, AuditHead
from releasehub.audit.verification import verify
from releasehub.core.actor import Actor, Origin, system_actor

needs_threads = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)


@pytest.mark.django_db
def test_rows_are_chained_in_batches_and_verified(make_rows: Any) -> None:
    make_rows(25)
    assert [chain_rows(10) for _ in range(4)] == [10, 10, 5, 0]
    rows = list(AuditEntry.objects.order_by("position"))
    assert [row.position for row in rows] == list(range(1, 26))
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    result = verify()
    assert (result.checked, result.head, result.fault) == (25, (25, rows[-1].chain_hash), None)


@pytest.mark.django_db
def test_empty_log_is_verified() -> None:
    assert tasks.chain() == 0
    assert verify().head == GENESIS
    assert export_head() is None


@pytest.mark.django_db
def test_equal_addresses_have_different_digests(make_rows: Any) -> None:
    make_rows(2, address="192.0.2.1")
    chain_rows()
    assert len({row.address_digest for row in AuditEntry.objects.all()}) == 2


@pytest.mark.django_db
def test_values_that_orjson_rejects_are_chained(make_rows: Any) -> None:
    make_rows(1, changes={"n": 2**80, "b": {"z": 1, "a": [True, None, 1e300, -0.5]}})
    tasks.chain()
    assert verify().fault is None
    assert canonical({"b": 2**80, "a": "ü"}) == b'{"a":"\\u00fc","b":1208925819614629174706176}'


@pytest.mark.django_db
def test_head_is_signed_once_per_position(make_rows: Any) -> None:
    make_rows(3)
    tasks.chain()
    assert tasks.export_head() == tasks.export_head() == 3
    make_rows(1)
    tasks.chain()
    assert tasks.export_head() == 4
    assert [head.position for head in AuditHead.objects.all()] == [4, 3]


@pytest.mark.django_db
def test_hostile_name_is_stored_as_one_line() -> None:
    actor = Actor(origin=Origin.WEB)
    entry = services.record(actor=actor, action=AuditAction.SIGN_IN_FAILED, label="a\nb\x1b[2J\u202e", reason="x\r\ny")
    assert entry.target_label == "a\\nb\\x1b[2J\\u202e"
    assert entry.reason == "x\\r\\ny"


@needs_threads
@pytest.mark.django_db(transaction=True)
def test_row_that_commits_late_gets_the_next_position() -> None:
    is_written, may_commit = Event(), Event()

    def late() -> None:
        with transaction.atomic():
            services.record(actor=system_actor(), action=AuditAction.VERSION_CREATE, label="late")
            is_written.set()
            may_commit.wait(300)
        connection.close()

    thread = Thread(target=late)
    thread.start()
    is_written.wait(300)
    services.record(actor=system_actor(), action=AuditAction.VERSION_CREATE, label="early")
    assert tasks.chain() == 1
    may_commit.set()
    thread.join()
    assert tasks.chain() == 1
    assert list(AuditEntry.objects.order_by("position").values_list("target_label", flat=True)) == ["early", "late"]
    assert list(AuditEntry.objects.order_by("id").values_list("target_label", flat=True)) == ["late", "early"]
    assert verify().fault is None


@needs_threads
@pytest.mark.django_db(transaction=True)
def test_concurrent_chainers_and_writers_leave_no_gap() -> None:
    done = Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(25):
            with transaction.atomic():
                services.record(actor=system_actor(), action=AuditAction.VERSION_CREATE, label=f"{seed}.{number}")
                time.sleep(chance.random() / 100)
                if number % 5 == 4:
                    transaction.set_rollback(True)
        connection.close()

    def chain() -> None:
        while not done.is_set():
            chain_rows(7)
        connection.close()

    writers = [Thread(target=write, args=(seed,)) for seed in range(8)]
    chainers = [Thread(target=chain) for _ in range(3)]
    for thread in (*writers, *chainers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in chainers:
        thread.join()
    tasks.chain()
    assert list(AuditEntry.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 161))
    assert verify().fault is None
    assert tip().position == 160
