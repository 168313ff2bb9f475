"""Inserts into append-only tables, where Django's `save` and `bulk_create` were measurably too slow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

from releasehub.core.cursors import server_binding_cursor


def insert(row: models.Model, *, wait_for_disk: bool = True) -> None:
    """Insert a new row of an append-only table without sending signals, and set its primary key.

    Args:
        row: An unsaved model instance.
        wait_for_disk: False commits without waiting until PostgreSQL has written the row to disk. If the database
            server crashes within the next moment, this row is lost, and nothing else. Inside a transaction the
            argument has no effect, because the other rows of the transaction have to be on disk.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql = f"{_insert_sql(type(row))} RETURNING {_quote(row._meta.pk.column)}"
    if not wait_for_disk and connection.vendor == "postgresql" and not connection.in_atomic_block:
        # The third argument limits the setting to the transaction of this statement.
        sql += ", set_config('synchronous_commit', 'off', true)"
    with server_binding_cursor() as cursor:
        cursor.execute(sql, _column_values(row))
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_all(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one append-only table without sending signals. Their primary keys are not set.

    `bulk_create` sends them to PostgreSQL as arrays of text, and quoting JSON for these arrays takes longer than
    everything else together.
    """
    if rows:
        sql = _insert_sql(type(rows[0])) + " ON CONFLICT DO NOTHING" * ignore_conflicts
        with server_binding_cursor() as cursor:
            cursor.executemany(sql, [_column_values(row) for row in rows])


def savepoint_in_transaction() -> AbstractContextManager[Any]:
    """Return a savepoint inside a transaction, which a failed insert then leaves usable, or else nothing."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


@cache
def _insert_sql(model: type[models.Model]) -> str:
    fields = _inserted_fields(model)
    columns = ", ".join(_quote(field.column) for field in fields)
    values = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_quote(model._meta.db_table)} ({columns}) VALUES ({values})"  # noqa: S608 - names of models


@cache
def _inserted_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _column_values(row: models.Model) -> list[Any]:
    connection = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in _inserted_fields(type(row))]


def _quote(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))
