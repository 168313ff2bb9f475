"""SQL templates: queries of the busiest endpoints, built and compiled once and then executed with new values.

Building a query takes Django several times longer than the database needs to answer it, and PostgreSQL also spends more
time planning such a query than executing it. A template compiles its query once and keeps the SQL; PostgreSQL keeps the
plan. The rows are the same model instances that the query set would return, with related objects and annotations.

This module also inserts rows of append-only tables, where Django's `save` and `bulk_create` were measurably too slow.
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
# Sample values for ids. They must occur nowhere else in a query, and no table has that many rows.
SAMPLE_ID = 2**62 + 1
OTHER_SAMPLE_ID = 2**62 + 2


@dataclass(frozen=True)
class Placeholder:
    """A position in the parameter list that gets the value of this name in every execution."""

    name: str


class SqlTemplate(Generic[Row]):
    """A query that is compiled once and executed with different values.

    How it works: `build` is called once, with a sample for every value. Django compiles that query set to SQL and a
    list of parameters, and the template replaces each sample in that list by a `Placeholder`. An execution fills in the
    placeholders, sends the SQL and lets Django's own `ModelIterable` turn the result into model instances.

    This relies on internals of Django: on `as_sql`, `get_converters` and `execute_sql` of the compiler, and on what
    `ModelIterable` reads. `tests/core/test_sql_templates.py` checks both against the installed version.

    Args:
        build: Returns the query set for given values. The shape of the query must not depend on the values.
        samples: A value for every keyword argument of `build`. It must have the type of the real values, occur nowhere
            else in the query, and reach the database unchanged.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **samples: Any) -> None:
        self._build, self._samples = build, samples
        self._compiler: Any = None
        self._sql = ""
        self._locks = False
        self._params: list[Any] = []

    def rows(self, **values: Any) -> list[Row]:
        """Return the rows for these values, with one query."""
        # Compiled at the first use, because models are not loaded yet when modules create their templates. Two threads
        # may compile at the same time; both get the same result.
        if self._compiler is None:
            self._compile()
        if self._locks and not connections[DEFAULT_DB_ALIAS].in_atomic_block:
            raise transaction.TransactionManagementError("This query locks rows. Execute it inside a transaction.")
        params = [_as_sent(values[item.name]) if isinstance(item, Placeholder) else item for item in self._params]
        with server_binding_cursor() as cursor:
            cursor.execute(self._sql, params)
            fetched = cursor.fetchall()
        # A copy, because several threads use the same template. It returns the fetched rows instead of sending the SQL.
        compiler = copy.copy(self._compiler)
        compiler.execute_sql = lambda **options: [fetched]
        return list(ModelIterable(cast(Any, _CompiledQuery(compiler))))

    def first(self, **values: Any) -> Row | None:
        return next(iter(self.rows(**values)), None)

    def _compile(self) -> None:
        query = self._build(**self._samples).query
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, sample_params = compiler.as_sql()
        params = [self._placeholder_for(item) for item in sample_params]
        if missing := self._samples.keys() - {item.name for item in params if isinstance(item, Placeholder)}:
            raise ValueError(f"These values do not occur in the query: {sorted(missing)}")
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        compiler.get_converters = lambda expressions: converters  # finding them costs more than using them
        self._locks = query.select_for_update
        # The compiler comes last: another thread that sees it also sees everything else.
        self._sql, self._params, self._compiler = sql, params, compiler

    def _placeholder_for(self, param: Any) -> Any:
        """Return the placeholder for a sample, and any other parameter unchanged."""
        plain = _unwrap(param)
        for name, value in self._samples.items():
            # The type as well, because True == 1: a flag in the query must not be taken for a sample number.
            if type(value) is type(plain) and value == plain:
                return Placeholder(name)
        return param


class _CompiledQuery:
    """The attributes that `ModelIterable` reads from a query set and from its query."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any) -> None:
        self.query = self
        self._compiler = compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler


@contextmanager
def server_binding_cursor() -> Iterator[CursorWrapper]:
    """Open a cursor that sends values apart from the SQL, so that PostgreSQL can reuse the plan of an earlier call.

    Django's default cursor puts the values into the SQL on the client's side, so that no two statements are equal.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from django.db.backends.postgresql.base import ServerBindingCursor

            cursor.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
        yield cursor


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


def _as_sent(value: Any) -> Any:
    """Return the value in the form that the database driver expects; only bytes need one."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    return connection.Database.Binary(value) if isinstance(value, bytes) else value


def _unwrap(param: Any) -> Any:
    """Return the plain number or bytes of a compiled parameter, which the database driver may have wrapped."""
    inner = getattr(param, "obj", param)
    if isinstance(inner, int) and not isinstance(inner, bool):
        return int(inner)
    return bytes(inner) if isinstance(inner, memoryview | bytes) else param
