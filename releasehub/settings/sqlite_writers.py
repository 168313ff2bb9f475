"""Connections to SQLite whose writers wait in a queue.

SQLite allows one writer at a time. By itself, it lets the others sleep for up to 100 ms and try again, in no order. A
writer without luck waits for seconds, and in the end gets "database is locked". Here the threads of a process take
turns: the one that has waited longest is woken as soon as the transaction before it ends. SQLite's own lock remains in
effect, also against other processes.
"""

import os
import sqlite3
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

# The first words of statements that take SQLite's lock. Transactions of the hub start with BEGIN IMMEDIATE.
WRITES = frozenset({"BEGIN", "INSERT", "UPDATE", "DELETE", "REPLACE"})
FILE_IS_GONE = "the file of the database was moved, removed or replaced; put it back, or restart the hub"


class WriterQueue:
    """A lock that waiting threads receive in the order in which they asked for it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self.waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def take(self, seconds: float) -> bool:
        """Wait for the lock, and return False if that took too long."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = threading.Event()
            self.waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._mutex:
            if turn.is_set():  # the lock was passed on at the last moment
                return True
            self.waiting.remove(turn)
            return False

    def release(self) -> None:
        """Pass the lock on to the thread that has waited longest."""
        with self._mutex:
            if self.waiting:
                self.waiting.popleft().set()
            else:
                self._is_taken = False


queues: defaultdict[str, WriterQueue] = defaultdict(WriterQueue)


class QueuedConnection(sqlite3.Connection):
    """A connection that takes its turn before it writes, and passes it on when the transaction ends."""

    def __init__(self, database: str, timeout: float = 5.0, **options: Any) -> None:
        self._path = "" if str(database).startswith((":", "file:")) else str(database)
        if self._path:
            _create_private(self._path)
        super().__init__(database, timeout=timeout, **options)
        self._queue, self._seconds, self._has_turn = queues[str(database)], timeout, False
        self._file = _identity(self._path)

    def ensure_file(self) -> None:
        """Check that the file is still the one that this connection has open.

        SQLite would write into a file that was removed or replaced, and all of that would be lost at the next start.

        Raises:
            sqlite3.OperationalError: It was moved, removed or replaced.
        """
        if self._path and _identity(self._path) != self._file:
            raise sqlite3.OperationalError(FILE_IS_GONE)

    def cursor(self, factory: type[sqlite3.Cursor] = sqlite3.Cursor) -> Any:  # type: ignore[override]
        return super().cursor(_queued(factory))

    def execute(self, sql: str, *parameters: Any) -> Any:
        return self.cursor().execute(sql, *parameters)  # the method of the base class does not call `cursor`

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        return self.cursor().executemany(sql, parameters)

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self._end_turn_after_transaction()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._end_turn_after_transaction()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._end_turn()

    @contextmanager
    def turn(self, sql: str) -> Iterator[None]:
        """Run a statement in the block, after waiting for the turn of this thread if the statement begins to write.

        Raises:
            sqlite3.OperationalError: Other writers took longer than the timeout, or the file is gone.
        """
        word = sql.lstrip()[:8].partition(" ")[0].upper()
        if word in WRITES and not self._has_turn and not self.in_transaction:
            self.ensure_file()
            if not self._queue.take(self._seconds):
                raise sqlite3.OperationalError("database is locked")
            self._has_turn = True
        try:
            yield
        finally:
            self._end_turn_after_transaction()

    def _end_turn_after_transaction(self) -> None:
        if self._has_turn and not self.in_transaction:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._queue.release()


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells the file from another one at the same path, or None if the file is missing."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _create_private(path: str) -> None:
    """Create the file with mode 0600, unless it exists. SQLite gives its other files the mode of this one.

    Raises:
        sqlite3.OperationalError: The file is missing, although this process has opened it before.
    """
    if path in queues and _identity(path) is None:
        raise sqlite3.OperationalError(FILE_IS_GONE)
    with suppress(OSError):  # SQLite itself reports a folder that is missing or not writable
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


@cache
def _queued(factory: type[sqlite3.Cursor]) -> type[sqlite3.Cursor]:
    """Return a subclass of the cursor that writes only when it is its turn."""

    class QueuedCursor(factory):  # type: ignore[misc, valid-type]
        def execute(self, sql: str, *parameters: Any) -> Any:
            with self.connection.turn(sql):
                return super().execute(sql, *parameters)

        def executemany(self, sql: str, parameters: Any) -> Any:
            with self.connection.turn(sql):
                return super().executemany(sql, parameters)

    return QueuedCursor
