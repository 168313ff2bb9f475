"""Inserts into append-only tables, where Django's `save` and `bulk_create` were measurably too slow.

Values pass through the documented methods of fields (`pre_save`, `get_db_prep_save`), except for plain text. The names
of columns come from `_meta.local_concrete_fields` and `ops.quote_name`, which are internals of Django.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from releasehub.core.combined_writes import current_group
from releasehub.core.cursors import server_binding_cursor

TEXT_FIELDS = frozenset({models.CharField, models.TextField, models.SlugField, models.URLField})


def insert(row: models.Model, *, wait_for_disk: bool = True) -> None:
    """Insert a new row without sending signals, and set its primary key.

    Args:
        row: An unsaved model instance. If it has a primary key already, the surrounding block of `combined_writes`
            sends it at its end.
        wait_for_disk: False commits without waiting until PostgreSQL has written the row to disk. If the database
            server crashes within the next moment, this row is lost, and nothing else. Inside a transaction the
            argument has no effect, because the other rows of the transaction have to be on disk.
    """
    if row.pk is not None:
        _insert_later(row)
        return
    connection = connections[DEFAULT_DB_ALIAS]
    sql = f"{_insert_sql(type(row))} RETURNING {_quote(row._meta.pk.column)}"
    if not wait_for_disk and connection.vendor == "postgresql" and not connection.in_atomic_block:
        # The third argument limits the setting to the transaction of this statement.
        sql += ", set_config('synchronous_commit', 'off', true)"
    with server_binding_cursor() as cursor:
        cursor.execute(sql, _column_values(row))
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _insert_later(row: models.Model) -> None:
    group = current_group()
    if group is None:
        raise ValueError("A row that has a primary key already can be inserted by combined_writes on PostgreSQL only.")
    group.add_rows([row])
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_all(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one append-only table without sending signals. Their primary keys are not set.

    `bulk_create` sends them to PostgreSQL as arrays of text, and quoting JSON for these arrays takes longer than
    everything else together.
    """
    if not rows:
        return
    suffix = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    if group := current_group():
        group.add_rows(rows, suffix)
        return
    sql = _insert_sql(type(rows[0])) + suffix
    with server_binding_cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(sql, _column_values(rows[0]))  # `executemany` would wait for PostgreSQL twice
        else:
            cursor.executemany(sql, [_column_values(row) for row in rows])


def insert_few(rows: Sequence[models.Model], *, wait_for_keys: bool = True) -> None:
    """Insert a few new rows of one append-only table with one statement, without sending signals, and set their keys.

    Args:
        rows: Unsaved instances of one model. A field may hold a `RawSQL`, with the same SQL for all rows.
        wait_for_keys: False leaves the keys unset, so that a block of `combined_writes` can send the rows later. In
            such a block, no field may hold a `RawSQL`.
    """
    model = type(rows[0])
    if group := current_group():
        group.add_rows(rows, f" RETURNING {_quote(model._meta.pk.column)}")
        if wait_for_keys:
            _set_keys(rows, group.send())
        return
    fields = _inserted_fields(model)
    computed = {
        field.attname: value for field in fields if isinstance(value := getattr(rows[0], field.attname), RawSQL)
    }
    row_sql = ", ".join(computed[field.attname].sql if field.attname in computed else "%s" for field in fields)
    sql = f"INSERT INTO {_quote(model._meta.db_table)} ({_columns(model)}) VALUES "  # noqa: S608 - names of models
    sql += ", ".join([f"({row_sql})"] * len(rows)) + f" RETURNING {_quote(model._meta.pk.column)}"
    with server_binding_cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in _flat_values(row)])
        if wait_for_keys:
            _set_keys(rows, cursor.fetchall())


def _set_keys(rows: Sequence[models.Model], keys: list[tuple[Any, ...]]) -> None:
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def savepoint_in_transaction() -> AbstractContextManager[Any]:
    """Return a savepoint inside a transaction, which a failed insert then leaves usable, or else nothing."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


@cache
def _insert_sql(model: type[models.Model]) -> str:
    values = ", ".join(["%s"] * len(_inserted_fields(model)))
    return f"INSERT INTO {_quote(model._meta.db_table)} ({_columns(model)}) VALUES ({values})"  # noqa: S608 - as above


@cache
def _columns(model: type[models.Model]) -> str:
    return ", ".join(_quote(field.column) for field in _inserted_fields(model))


@cache
def _inserted_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _column_values(row: models.Model) -> list[Any]:
    connection = connections[DEFAULT_DB_ALIAS]  # once, because the look-up takes longer than preparing a value
    return [_column_value(row, field, connection) for field in _inserted_fields(type(row))]


def _flat_values(row: models.Model) -> Iterator[Any]:
    """Yield the values of the columns, and in the place of a `RawSQL` its parameters."""
    for value in _column_values(row):
        if isinstance(value, RawSQL):
            yield from value.params
        else:
            yield value


def _column_value(row: models.Model, field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Any:
    """Return the value in the form that the database driver expects."""
    if type(field) in TEXT_FIELDS:
        # Half of all columns. Django would call five methods, which return the same text.
        text = row.__dict__[field.attname]
        if type(text) is str:
            return text
    value = field.pre_save(row, add=True)
    return value if isinstance(value, RawSQL) else field.get_db_prep_save(value, connection)


def _quote(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))
