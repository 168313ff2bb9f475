"""Several writes as one statement, for changes whose single statements cost more than their work.

Each statement costs the web process about 0.1 ms of CPU time to convert its values, send it and read the answer, and
PostgreSQL nearly as much to start and end it. A new version wrote five of them.

The values of the inserted rows are sent as JSON, one parameter for each table, because preparing them one by one took
longer than everything else. Django's fields prepare them (`pre_save` and `get_prep_value`), and PostgreSQL converts
them to the types of the columns. `_meta.local_concrete_fields` and `ops.quote_name` are internals of Django, as in
`releasehub.core.inserts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connections, models

from releasehub.core.cursors import server_binding_cursor

# Django's `pre_save` and `get_prep_value` of these return a text, number or truth value as it is.
PLAIN_FIELDS = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.ForeignKey)
PLAIN_TYPES = frozenset({str, int, bool, type(None)})


class WriteGroup:
    """The writes that are sent together."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.params: list[Any] = []

    def add(self, sql: str, params: Sequence[Any]) -> None:
        """Add an INSERT or UPDATE, which must not depend on any other write of the group."""
        self.statements.append(sql)
        self.params += params

    def add_rows(self, rows: Sequence[models.Model], suffix: str = "") -> None:
        """Add an insert of rows of one model. Their primary keys are included if the first row has one."""
        has_keys = rows[0].pk is not None
        fields = _fields(type(rows[0]), has_keys)
        values = [{name: _value(row, field, is_plain) for name, field, is_plain in fields} for row in rows]
        # Python's own encoder took a twentieth of the CPU time of a new version.
        text = orjson.dumps(values, default=_as_text).decode()
        self.add(_insert_sql(type(rows[0]), has_keys) + suffix, [text])

    def send(self) -> list[tuple[Any, ...]]:
        """Send the writes so far as one statement. Return the rows of the last one, if it has RETURNING."""
        if not self.statements:
            return []
        *others, last = self.statements
        parts = ", ".join(f"write_{number} AS ({sql})" for number, sql in enumerate(others))
        params, self.statements, self.params = self.params, [], []
        with server_binding_cursor() as cursor:
            cursor.execute(f"WITH {parts} {last}" if parts else last, params)
            return cursor.fetchall() if cursor.description else []


_current: ContextVar[WriteGroup | None] = ContextVar("write_group", default=None)


@contextmanager
def combined_writes() -> Iterator[None]:
    """Send the writes of the block to PostgreSQL as one statement at its end.

    This includes inserts by `releasehub.core.inserts` and what `write` sends. The block must run in a transaction and
    must not read what it writes. A row that is inserted without a primary key has none afterwards. Other databases get
    each write at once.
    """
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        yield
        return
    group = WriteGroup()
    token = _current.set(group)
    try:
        yield
        group.send()
    finally:
        _current.reset(token)


def current_group() -> WriteGroup | None:
    """Return the group of the surrounding block of `combined_writes`, if there is one."""
    return _current.get()


def write(sql: str, params: Sequence[Any]) -> None:
    """Send a statement without a result, at the end of the block of `combined_writes` or else at once."""
    if group := _current.get():
        group.add(sql, params)
        return
    with server_binding_cursor() as cursor:
        cursor.execute(sql, params)


@cache
def _insert_sql(model: type[models.Model], has_keys: bool) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(quote(name) for name, *_ in _fields(model, has_keys))
    source = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"  # noqa: S608 - names of models
    return f"INSERT INTO {table} ({columns}) {source}"


@cache
def _fields(model: type[models.Model], has_keys: bool) -> list[tuple[str, models.Field[Any, Any], bool]]:
    """Return the columns with their fields, and whether values of a plain type need no preparation."""
    fields = model._meta.local_concrete_fields
    return [(str(field.column), field, _is_plain(field)) for field in fields if has_keys or not field.primary_key]


def _is_plain(field: models.Field[Any, Any]) -> bool:
    return type(field).__module__.startswith("django.") and isinstance(field, PLAIN_FIELDS)


def _value(row: models.Model, field: models.Field[Any, Any], is_plain: bool) -> Any:
    value = row.__dict__[field.attname]
    if is_plain and type(value) in PLAIN_TYPES:
        return value
    return field.get_prep_value(field.pre_save(row, add=True))


def _as_text(value: Any) -> str:
    """Return bytes in a form that PostgreSQL reads. orjson itself writes dates and times."""
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
