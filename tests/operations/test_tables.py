"""The portable form of the tables: what is exported comes back, on this database and on an empty SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from releasehub.operations.errors import OperationError
from releasehub.operations.tables.export import export_lines, read_tables
from releasehub.operations.tables.load import is_empty, load_lines
from releasehub.operations.tables.schema import exported_tables, prepare_tables, quoted
from releasehub.operations.tables.second_database import second_database
from releasehub.operations.tables.snapshots import open_snapshot
from releasehub.operations.tables.values import FROM_POSTGRESQL, FROM_SQLITE, TO_SQLITE, ValueKind, converter
from tests import migrated_database
from tests.conftest import begin_with
from tests.factories import make_user
from tests.factories.everything import make_everything

pytestmark = pytest.mark.django_db


def build() -> None:
    make_everything(make_user("owner"))


@pytest.fixture
def other(tmp_path: Path, db: None) -> Iterator[BaseDatabaseWrapper]:
    """Another, empty database: a SQLite file, because it needs no server."""
    path = tmp_path / "other.sqlite3"
    migrated_database.copy_to(path)
    with second_database(f"sqlite:///{path}") as connected:
        call_command("migrate", database=connected.alias, verbosity=0)  # nothing to do for the stored database
        yield connected


def lines_of(database: BaseDatabaseWrapper) -> list[bytes]:
    with open_snapshot(database) as snapshot:
        return list(export_lines(snapshot))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such limits.")
def test_timeouts_of_the_administrator_do_not_end_a_snapshot() -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    for name in names:
        connection.connection.execute(f"SET LOCAL {name} TO '10s'")
    with open_snapshot(connection):
        assert [connection.connection.execute(f"SHOW {name}").fetchone()[0] for name in names] == ["0", "0"]


def tables_in(lines: list[bytes]) -> dict[str, Any]:
    return {table.table.name: list(table.rows) for table in read_tables(lines)}


@begin_with(build)
def test_every_row_comes_back_in_another_database(world: None, other: BaseDatabaseWrapper) -> None:
    before = lines_of(connection)
    figures = load_lines(other, before)
    assert figures["accounts_user"].rows > 3
    assert figures["audit_auditentry"].rows > 10
    assert sorted(lines_of(other)) == sorted(before)


@begin_with(build)
def test_numbers_continue_where_they_stopped(world: None, other: BaseDatabaseWrapper) -> None:
    lines = lines_of(connection)
    heads = [json.loads(line) for line in lines if line.startswith(b'{"digest"')]
    last = next(head["last_key"] for head in heads if head["end"] == "downloads_download")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM downloads_download")
        assert last >= cursor.fetchone()[0]
    load_lines(other, lines)
    with other.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'downloads_download'")
        assert cursor.fetchone()[0] == last


@begin_with(build)
def test_damaged_export_changes_nothing(world: None, other: BaseDatabaseWrapper) -> None:
    lines = lines_of(connection)
    row = next(place for place, line in enumerate(lines) if b"Of an organization" in line)
    lines[row] = lines[row].replace(b"Of an", b"of an", 1)
    with pytest.raises(OperationError, match="do not match their digest"):
        load_lines(other, lines)
    assert is_empty(other)
    with pytest.raises(OperationError, match="ends within"):
        load_lines(other, lines_of(connection)[:-3])
    assert is_empty(other)


@begin_with(build)
def test_audit_log_stays_append_only_after_a_load(world: None, other: BaseDatabaseWrapper) -> None:
    load_lines(other, lines_of(connection))
    with other.cursor() as cursor, pytest.raises(IntegrityError, match="append-only"):
        cursor.execute("DELETE FROM audit_auditentry")


@begin_with(build)
def test_hub_with_rows_is_not_empty(world: None, other: BaseDatabaseWrapper) -> None:
    assert not is_empty(connection)
    assert is_empty(other)


@begin_with(build)
def test_database_of_another_program_is_not_emptied(world: None, other: BaseDatabaseWrapper) -> None:
    with other.cursor() as cursor:
        cursor.execute("CREATE TABLE guestbook (entry text)")
        cursor.execute("INSERT INTO guestbook VALUES ('Hello')")
        for replace in (lambda: load_lines(other, lines_of(connection)), lambda: prepare_tables(other, [])):
            with pytest.raises(OperationError, match="another program, such as guestbook"):
                replace()
        cursor.execute("SELECT entry FROM guestbook")
        assert cursor.fetchall() == [("Hello",)]


def test_name_in_a_backup_cannot_end_its_quotation_marks() -> None:
    assert quoted("id", 'id") VALUES (1); --') == '"id", "id"") VALUES (1); --"'


def test_every_column_of_every_model_is_exported() -> None:
    columns = {table.name: set(table.columns) for table in exported_tables()}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            if not name.startswith(("search_document", "django_migrations")):
                cursor.execute(f'SELECT * FROM "{name}" LIMIT 0')  # noqa: S608 - a name of the database itself
                assert columns[name] == {column[0] for column in cursor.description}, name


@pytest.mark.parametrize(
    ("kind", "sqlite", "postgresql", "portable"),
    [
        (ValueKind.TIME, "2026-11-28 04:00:00", "2026-11-28 04:00:00+00", "2026-11-28 04:00:00"),
        (ValueKind.TIME, "2026-11-28 04:00:00.120000", "2026-11-28 04:00:00.12+00", "2026-11-28 04:00:00.120000"),
        (ValueKind.BYTES, b"\x00\xff", "\\x00ff", "AP8="),
        (ValueKind.BOOLEAN, 0, "f", False),
        (ValueKind.DOCUMENT, '{"b":1,"a":[2.5]}', '{"a": [2.5], "b": 1}', {"a": [2.5], "b": 1}),
        (ValueKind.INTEGER, 7, "7", 7),
        (ValueKind.FLOAT, 1, "1", 1.0),
        (ValueKind.TEXT, "ä\t\\N", "ä\t\\N", "ä\t\\N"),
        (ValueKind.TEXT, None, None, None),
    ],
)
def test_both_databases_have_one_form_of_a_value(kind: ValueKind, sqlite: Any, postgresql: Any, portable: Any) -> None:
    assert converter(FROM_SQLITE, [kind])([sqlite]) == [portable]
    assert converter(FROM_POSTGRESQL, [kind])([postgresql]) == [portable]
    written = converter(TO_SQLITE, [kind])([portable])
    assert converter(FROM_SQLITE, [kind])(written) == [portable]
