"""Load an export into a database whose tables exist, and compare every table with the export before the commit."""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from releasehub.audit import triggers
from releasehub.core.batches import in_batches
from releasehub.operations.errors import OperationError
from releasehub.operations.tables.export import ImportedTable, Progress, TableFigures, read_tables, table_figures
from releasehub.operations.tables.schema import Table, ensure_own_tables, quoted
from releasehub.operations.tables.snapshots import lift_timeouts, open_snapshot
from releasehub.operations.tables.values import TO_POSTGRESQL, TO_SQLITE, converter

INSERTED_AT_ONCE = 500
MIGRATIONS = "django_migrations"


def load_lines(
    connection: BaseDatabaseWrapper,
    lines: Iterable[bytes],
    *,
    progress: Progress = lambda text: None,
    adjust: Callable[[], object] = lambda: None,
) -> dict[str, TableFigures]:
    """Replace all rows of the database with those of the export, in one transaction, and return what was loaded.

    Args:
        connection: The database. Its tables are those of the export.
        adjust: Changes rows before the commit, after all tables were compared.

    Raises:
        OperationError: The export is damaged, the database returns other rows than it was given, or it has tables of
            another program.
    """
    loaded: dict[str, tuple[Table, TableFigures]] = {}
    # Foreign keys are checked at the commit, so the order of the tables does not matter.
    with transaction.atomic(using=connection.alias):
        lift_timeouts(connection)
        _empty(connection)
        for imported in read_tables(lines):
            _insert(connection, imported)
            if imported.figures is not None:
                loaded[imported.table.name] = (imported.table, imported.figures)
                _set_last_key(connection, imported.table, imported.figures.last_key)
                progress(f"{imported.table.name}: {imported.figures.rows} rows")
        _compare(connection, loaded)
        adjust()
    return {name: figures for name, (_, figures) in loaded.items()}


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the database has no users and no recorded action, so that nothing would be lost."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for name in ("accounts_user", "downloads_download", "audit_auditentry"):
            if name in tables:
                cursor.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 1")  # noqa: S608 - names from above
                if cursor.fetchone():
                    return False
    return True


def _empty(connection: BaseDatabaseWrapper) -> None:
    """Delete the rows that migrations have created, such as permissions."""
    ensure_own_tables(connection)
    triggers.remove(connection)
    names = [name for name in connection.introspection.table_names() if name != MIGRATIONS]
    with connection.cursor() as cursor:
        for name in names:
            if not name.startswith("search_document"):  # the full-text table and its parts have no rows of their own
                cursor.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 - names of the database itself
    triggers.install(connection)


def _insert(connection: BaseDatabaseWrapper, imported: ImportedTable) -> None:
    if connection.vendor == "postgresql":
        _copy_in(connection, imported)
        return
    table = imported.table
    places = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {quoted(table.name)} ({quoted(*table.columns)}) VALUES ({places})"  # noqa: S608 - names of models
    convert = converter(TO_SQLITE, list(table.kinds))
    for rows in in_batches(map(convert, imported.rows), INSERTED_AT_ONCE):
        connection.connection.executemany(statement, rows)


def _copy_in(connection: BaseDatabaseWrapper, imported: ImportedTable) -> None:
    table = imported.table
    convert = converter(TO_POSTGRESQL, list(table.kinds))
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {quoted(table.name)} ({quoted(*table.columns)}) FROM STDIN") as copy,
    ):
        for row in imported.rows:
            copy.write_row(convert(row))


def _set_last_key(connection: BaseDatabaseWrapper, table: Table, last_key: int) -> None:
    """Continue the numbers of new rows where the exported hub stopped, so that no number is used again."""
    if not table.key or not last_key:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(f"SELECT setval({sequence}, %s)", [quoted(table.name), table.key, last_key])
            return
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last_key])


def _compare(connection: BaseDatabaseWrapper, loaded: dict[str, tuple[Table, TableFigures]]) -> None:
    with open_snapshot(connection) as snapshot:
        found = table_figures(snapshot, [table for table, _ in loaded.values()])
    for name, (_, expected) in loaded.items():
        if (found[name].rows, found[name].digest) != (expected.rows, expected.digest):
            raise OperationError(
                f"The database returned other rows of {name} than it was given ({found[name].rows} instead of "
                f"{expected.rows}, or other values). Nothing was changed. This is a bug in ReleaseHub."
            )
