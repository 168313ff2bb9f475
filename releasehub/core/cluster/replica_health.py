"""The check whether the replica of the database may be used: it answers, and is not too far behind the primary.

A thread of each process notes the position of the primary in the write-ahead log, and waits until the replica has
replayed it. What the replica returns is then at least as new as that moment. This needs no clock of another machine and
no privileges, and also notices a replica that has lost its connection to the primary. Requests never wait for it.
"""

import logging
import time
from threading import Event, Lock, Thread

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

REPLICA_ALIAS = "replica"
PROBE_SECONDS = 0.5
CATCH_UP_SECONDS = 0.05  # between two looks at a replica that is still behind
log = logging.getLogger(__name__)


class ReplicaHealth:
    """The knowledge of this process about the replica. All times are those of its monotonic clock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: Thread | None = None
        self._wake = Event()
        self._sample: tuple[float, str] | None = None
        self._proven_at = self._needed_at = float("-inf")

    @property
    def lag(self) -> float:
        """The seconds by which the replica may be behind, at most. Infinite if nothing is known."""
        return time.monotonic() - self._proven_at

    @property
    def is_current(self) -> bool:
        return self.lag <= settings.REPLICA_MAX_LAG_SECONDS

    def is_usable(self) -> bool:
        """Return whether the replica has all changes that this process must show, and is not too far behind."""
        if self._thread is None:
            self._start()
        return self._proven_at >= self._needed_at and self.is_current

    def require_current(self) -> None:
        """Read from the primary until the replica has what is committed now, so that a change is not taken back."""
        self._needed_at = time.monotonic()
        self._wake.set()

    def record_failure(self) -> None:
        """Read from the primary until the replica answers again."""
        self._proven_at = float("-inf")
        self.require_current()

    def probe(self) -> bool:
        """Compare the two databases once, and return whether the replica has caught up with the noted position."""
        if self._sample is None:
            at = time.monotonic()
            self._sample = (at, _value(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_lsn()::text"))
        at, position = self._sample
        # The rows of a server that is not a replica, or was promoted, prove nothing.
        if not _value(REPLICA_ALIAS, "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn", position):
            return False
        self._proven_at, self._sample = at, None
        return True

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="replica health", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        was_current = True
        while True:
            self._wake.clear()
            has_caught_up = self._try_probe()
            if self.is_current != was_current:
                was_current = not was_current
                log.warning("The replica of the database is %s.", "used again" if was_current else "not used for now")
            if has_caught_up:
                self._wake.wait(PROBE_SECONDS)
            time.sleep(CATCH_UP_SECONDS)

    def _try_probe(self) -> bool:
        try:
            return self.probe()
        except Error as error:
            self._sample = None
            log.debug("The replica could not be compared with the primary. Cause: %s", error)
            time.sleep(PROBE_SECONDS)
            return False
        finally:
            connections.close_all()


def _value(alias: str, sql: str, *parameters: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


health = ReplicaHealth()
