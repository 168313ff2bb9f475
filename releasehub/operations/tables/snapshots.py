"""All rows of a database as of one moment, without blocking those who write to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from releasehub.operations.tables.schema import Table, quoted
from releasehub.operations.tables.values import FROM_POSTGRESQL, FROM_SQLITE, converter

FETCH_ROWS = 500


class Snapshot(Protocol):
    def rows(self, table: Table) -> Iterator[list[Any]]:
        """Yield the rows of a table in the portable form."""

    def last_key(self, table: Table) -> int:
        """Return the greatest number that the sequence of the table has given out, or 0."""


class SqliteSnapshot:
    """A snapshot of SQLite. In WAL mode, a reading transaction sees one moment while others write."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def rows(self, table: Table) -> Iterator[list[Any]]:
        convert = converter(FROM_SQLITE, list(table.kinds))
        cursor = self._raw.execute(f"SELECT {quoted(*table.columns)} FROM {quoted(table.name)}")  # noqa: S608 - names of models
        while rows := cursor.fetchmany(FETCH_ROWS):
            yield from map(convert, rows)

    def last_key(self, table: Table) -> int:
        row = self._raw.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name]).fetchone()
        return int(row[0]) if row else 0


class PostgresqlSnapshot:
    """A snapshot of PostgreSQL, read with COPY, which is the fastest way out."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def rows(self, table: Table) -> Iterator[list[Any]]:
        convert = converter(FROM_POSTGRESQL, list(table.kinds))
        statement = f"COPY {quoted(table.name)} ({quoted(*table.columns)}) TO STDOUT"
        with self._raw.cursor() as cursor, cursor.copy(statement) as copy:
            yield from map(convert, copy.rows())

    def last_key(self, table: Table) -> int:
        if not table.key:
            return 0
        with self._raw.cursor() as cursor:
            sequence = cursor.execute(
                "SELECT pg_get_serial_sequence(%s, %s)", [quoted(table.name), table.key]
            ).fetchone()[0]
            row = cursor.execute(f"SELECT last_value, is_called FROM {sequence}").fetchone()  # noqa: S608 - as quoted by PostgreSQL
        return int(row[0]) if row[1] else 0


def open_snapshot(connection: BaseDatabaseWrapper) -> Any:
    """Return a context manager with a snapshot of the database.

    Within a transaction of the caller, the snapshot belongs to that transaction.
    """
    return _postgresql(connection) if connection.vendor == "postgresql" else _sqlite(connection)


@contextmanager
def _sqlite(connection: BaseDatabaseWrapper) -> Iterator[SqliteSnapshot]:
    if connection.in_atomic_block:
        yield SqliteSnapshot(connection.connection)
        return
    # A connection of its own, because every transaction of the hub's connections begins as a writer.
    path = f"file:{connection.settings_dict['NAME']}?mode=ro"
    with closing(sqlite3.connect(path, uri=True, isolation_level=None, timeout=20)) as raw:
        raw.execute("BEGIN")
        raw.execute("SELECT 1 FROM sqlite_master").fetchone()  # the snapshot begins with the first read
        yield SqliteSnapshot(raw)


@contextmanager
def _postgresql(connection: BaseDatabaseWrapper) -> Iterator[PostgresqlSnapshot]:
    if connection.in_atomic_block:
        _prepare_transaction(connection)
        yield PostgresqlSnapshot(connection.connection)
        return
    own = connection.copy()
    try:
        own.ensure_connection()
        own.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _prepare_transaction(own)
        yield PostgresqlSnapshot(own.connection)
        own.connection.rollback()
    finally:
        own.close()


def _prepare_transaction(connection: BaseDatabaseWrapper) -> None:
    lift_timeouts(connection)
    connection.connection.execute("SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO'")


def lift_timeouts(connection: BaseDatabaseWrapper) -> None:
    """Let the transaction take as long as it needs. Between two tables, it waits for the target of a backup.

    The limits of administrators are for requests; docs/scaling.md recommends one. Old servers do not know all of them.
    """
    if connection.vendor == "postgresql":
        connection.connection.execute(
            "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN "
            "('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
        )
