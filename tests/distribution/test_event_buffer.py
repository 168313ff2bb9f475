"""Tests that buffered download events are stored together, and survive a failure of the database."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from files.models import DownloadGrant, File
from releasehub.distribution import event_buffer
from releasehub.distribution.event_buffer import EventBuffer
from releasehub.distribution.links import file_path
from tests.factories import make_file, make_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


@pytest.fixture
def file() -> File:
    link = make_file(make_version(), name="tool.zip")
    File.objects.filter(pk=link.pk).update(blob=None, external_url="https://files.example.org/tool.zip")
    return link


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Collect what timers would do, so that the test decides when."""
    started: list[Callable[[], None]] = []

    class Timer:
        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            self.function = function

        def start(self) -> None:
            started.append(self.function)

    monkeypatch.setattr(event_buffer, "Timer", Timer)
    return started


@pytest.fixture
def buffer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> EventBuffer:
    settings.DOWNLOAD_EVENT_SECONDS = 0.2
    made = EventBuffer()
    monkeypatch.setattr("releasehub.distribution.counting.download_events", made)
    return made


def event(file: File) -> DownloadGrant:
    return DownloadGrant(file_id=file.pk, visitor="visitor")


def test_downloads_are_stored_together(file: File, buffer: EventBuffer, timers: list[Callable[[], None]]) -> None:
    for _ in range(3):
        assert Client().get(file_path(file)).status_code == 302
    assert (DownloadGrant.objects.count(), len(timers)) == (0, 1)
    timers[0]()
    assert DownloadGrant.objects.filter(file=file).count() == 3


def test_redirect_waits_for_no_insert(
    file: File, buffer: EventBuffer, timers: list[Callable[[], None]], settings: Any
) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    Client().get(file_path(file))
    with CaptureQueriesContext(connection) as queries:
        Client().get(file_path(file))
    assert len(queries) == 0


def test_event_of_a_transaction_that_is_rolled_back_is_not_stored(
    file: File, buffer: EventBuffer, timers: list[Callable[[], None]]
) -> None:
    with transaction.atomic():
        Client().get(file_path(file))
        transaction.set_rollback(True)
    assert timers == []


@pytest.mark.parametrize("error", [DatabaseError(), InterfaceError(), IntegrityError("the hub is read-only")])
def test_events_wait_for_a_database_that_fails(
    file: File, timers: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    buffer = EventBuffer()
    with monkeypatch.context() as patch:

        def fail(events: Any) -> None:
            raise error

        patch.setattr(event_buffer, "insert_all", fail)
        buffer.add(event(file))
        buffer.flush()
    assert len(timers) == 2
    buffer.flush()
    assert DownloadGrant.objects.count() == 1


def test_process_that_ends_does_not_wait_for_a_database_that_is_away(
    file: File, timers: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Python waits for timers before it ends, so a new timer after each failure would keep the process alive."""

    def fail(events: Any) -> None:
        raise DatabaseError

    buffer = EventBuffer()
    buffer.add(event(file))
    monkeypatch.setattr(event_buffer, "insert_all", fail)
    monkeypatch.setattr(event_buffer, "main_thread", lambda: Thread())  # a thread that does not run
    buffer.flush()
    assert len(timers) == 1  # the one that `add` has started
    assert "1 downloads are not counted" in caplog.text


def test_event_of_an_erased_file_does_not_stop_the_others(file: File, timers: list[Callable[[], None]]) -> None:
    buffer = EventBuffer()
    for row in (event(file), DownloadGrant(file_id=file.pk + 1, visitor="visitor"), event(file)):
        buffer.add(row)
    buffer.flush()
    assert DownloadGrant.objects.filter(file=file).count() == 2
