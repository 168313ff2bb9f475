"""Queries that every request asks: built and compiled once, later only given their values.

Building a query takes Django several times longer than the database takes to answer it, and so does planning it for
PostgreSQL. A prepared one keeps the SQL here and its plan there; the rows come out as the same model instances as
ever, with related objects and annotations.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.query import ModelIterable, QuerySet

Row = TypeVar("Row", bound=models.Model)
STAND_IN = 2**62 + 1  # for an id; no table has that many rows
OTHER_STAND_IN = 2**62 + 2


@dataclass(frozen=True)
class Slot:
    """Where a value goes among the parameters."""

    name: str


class Prepared(Generic[Row]):
    """`build(**stand_ins)` gives the query with values that stand for those to come: of the right type, found nowhere
    else in it, and such that they reach the database as they are.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **stand_ins: Any) -> None:
        self._build, self._stand_ins = build, stand_ins
        self._compiler: Any = None
        self._sql = ""
        self._locks = False
        self._params: list[Any] = []

    def rows(self, **values: Any) -> list[Row]:
        """The rows for these values, in one query."""
        if self._compiler is None:
            self._compile()
        if self._locks and not connections[DEFAULT_DB_ALIAS].in_atomic_block:
            raise transaction.TransactionManagementError("A lock needs a transaction that holds it.")
        params = [_as_sent(values[item.name]) if isinstance(item, Slot) else item for item in self._params]
        with prepared_cursor() as cursor:
            cursor.execute(self._sql, params)
            fetched = cursor.fetchall()
        compiler = copy.copy(self._compiler)
        compiler.execute_sql = lambda **options: [fetched]
        return list(ModelIterable(cast(Any, _Question(compiler))))

    def first(self, **values: Any) -> Row | None:
        return next(iter(self.rows(**values)), None)

    def _compile(self) -> None:
        query = self._build(**self._stand_ins).query
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        slots = [self._slot(item) for item in params]
        if missing := self._stand_ins.keys() - {item.name for item in slots if isinstance(item, Slot)}:
            raise ValueError(f"Not in the query: {sorted(missing)}")
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        compiler.get_converters = lambda expressions: converters  # finding them costs more than using them
        self._locks = query.select_for_update
        self._sql, self._params, self._compiler = sql, slots, compiler

    def _slot(self, item: Any) -> Any:
        plain = _plain(item)
        for name, value in self._stand_ins.items():
            if type(value) is type(plain) and value == plain:
                return Slot(name)
        return item


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor that sends values apart from the SQL, so that PostgreSQL keeps the plan of what it is asked again.

    Django's own binds on this side of the connection, which leaves the server nothing to recognize.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from django.db.backends.postgresql.base import ServerBindingCursor

            cursor.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
        yield cursor


def insert(row: models.Model, *, waits_for_disk: bool = True) -> None:
    """Save a new row of a table whose rows are only added, without signals. Its id is set.

    One that does not wait is lost when PostgreSQL, or its machine, ends badly within the next moment; nothing else is.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql = f"{_insertion(type(row))} RETURNING {_quoted(row._meta.pk.column)}"
    if not waits_for_disk and connection.vendor == "postgresql" and not connection.in_atomic_block:
        sql += ", set_config('synchronous_commit', 'off', true)"  # of this statement's own transaction
    with prepared_cursor() as cursor:
        cursor.execute(sql, _values(row))
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_all(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Save new rows of one such table, without signals. Their ids stay unknown.

    `bulk_create` would send them to PostgreSQL as arrays of text, and quoting JSON for that takes longer than all else.
    """
    if rows:
        sql = _insertion(type(rows[0])) + " ON CONFLICT DO NOTHING" * ignore_conflicts
        with prepared_cursor() as cursor:
            cursor.executemany(sql, [_values(row) for row in rows])


@cache
def _insertion(model: type[models.Model]) -> str:
    fields = _written(model)
    columns = ", ".join(_quoted(field.column) for field in fields)
    slots = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES ({slots})"  # noqa: S608 - names of models


@cache
def _written(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _values(row: models.Model) -> list[Any]:
    connection = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in _written(type(row))]


def _quoted(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))


def _as_sent(value: Any) -> Any:
    """Bytes have a form of their own on the way to each database."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    return connection.Database.Binary(value) if isinstance(value, bytes) else value


def _plain(sent: Any) -> Any:
    """The bytes in what `_as_sent` makes of them, the number in what a database wraps."""
    inner = getattr(sent, "obj", sent)
    if isinstance(inner, int) and not isinstance(inner, bool):
        return int(inner)
    return bytes(inner) if isinstance(inner, memoryview | bytes) else sent


class _Question:
    """What `ModelIterable` asks of a queryset and its query."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any) -> None:
        self.query = self
        self._compiler = compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler
