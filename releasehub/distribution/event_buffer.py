"""Download events that wait in memory for a moment, and are then inserted together.

Inserting each event in its request took half of the CPU time of a permanent link. A process that is stopped stores its
events before it ends. One that is killed loses those of the last DOWNLOAD_EVENT_SECONDS.
"""

import logging
from contextlib import suppress
from threading import Lock, Timer, main_thread

from django.conf import settings
from django.db import Error, IntegrityError, connections, transaction

from files.models import DownloadGrant
from releasehub.core.database_errors import READ_ONLY_REFUSAL
from releasehub.core.inserts import insert_all

log = logging.getLogger(__name__)
MAX_WAITING_EVENTS = 50_000
RETRY_SECONDS = 5.0


class EventBuffer:
    """The events of this process that are not stored yet. The first one starts a timer that stores them all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: list[DownloadGrant] = []

    def add(self, event: DownloadGrant) -> None:
        with self._lock:
            self._events.append(event)
            is_first = len(self._events) == 1
        if is_first:
            self._start_timer()

    def flush(self) -> None:
        """Store the waiting events, or keep them for the next time if the database fails."""
        with self._lock:
            events, self._events = self._events, []
        try:
            _store(events)
        except Error:  # also an InterfaceError, which is not a DatabaseError
            log.warning("%s downloads cannot be counted yet, because the database fails.", len(events), exc_info=True)
            with self._lock:
                self._events = [*events, *self._events][-MAX_WAITING_EVENTS:]
            self._retry()

    def _retry(self) -> None:
        """Try again in some seconds, unless the process is ending: it must not wait for a database that is away."""
        if main_thread().is_alive():
            self._start_timer(RETRY_SECONDS)
        else:
            log.error("%s downloads are not counted, because the process ends.", len(self._events))

    def _start_timer(self, seconds: float | None = None) -> None:
        # Not a daemon: Python waits for the timer before the process ends.
        Timer(seconds or settings.DOWNLOAD_EVENT_SECONDS, self._flush_in_thread).start()

    def _flush_in_thread(self) -> None:
        try:
            self.flush()
        finally:
            connections.close_all()


def _store(events: list[DownloadGrant]) -> None:
    try:
        with transaction.atomic():
            insert_all(events)
    except IntegrityError as error:
        if READ_ONLY_REFUSAL in str(error):  # the events wait until the hub accepts changes again
            raise
        # A file was erased in the meantime.
        for event in events:
            with suppress(IntegrityError):
                insert_all([event])


download_events = EventBuffer()
