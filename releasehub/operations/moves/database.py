"""Move the rows of a hub from SQLite to PostgreSQL.

The hub is read-only while its rows are copied in one transaction, so the target is empty or complete, and no change is
lost. The mode stays on: processes that still use SQLite must not accept changes that the copy does not have.
"""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from releasehub.operations import read_only
from releasehub.operations.errors import OperationError
from releasehub.operations.exclusive import exclusive
from releasehub.operations.models import BackupRun, ReadOnlyMode
from releasehub.operations.tables.export import Progress, TableFigures, export_lines, table_figures
from releasehub.operations.tables.load import is_empty, load_lines
from releasehub.operations.tables.schema import applied_migrations, ensure_own_tables, exported_tables
from releasehub.operations.tables.second_database import second_database
from releasehub.operations.tables.snapshots import open_snapshot
from releasehub.search.models import SearchCursor

# Changed in the target at the end of the copy, or written in the read-only mode, so they differ from the source.
_UNCOMPARED = frozenset(model._meta.db_table for model in (ReadOnlyMode, SearchCursor, Session, BackupRun))


@dataclass(frozen=True)
class DatabaseMove:
    """The result of a move. `was_done` means that an earlier run had copied everything."""

    tables: int
    rows: int
    was_done: bool = False


def move_database(url: str, *, progress: Progress = lambda text: None) -> DatabaseMove:
    """Copy all rows to the PostgreSQL database with this URL, and leave the hub read-only.

    Raises:
        OperationError: The hub does not use SQLite, or the target is unusable or has rows of its own.
    """
    if connection.vendor != "sqlite":
        raise OperationError("This hub uses PostgreSQL already. Only SQLite can be moved.")
    with exclusive("move to another database"):
        _migrate(url)
        with second_database(url) as target:
            _ensure_same_tables(target)
            was_empty, was_on = is_empty(target), read_only.current_mode() is not None
            read_only.switch_on(f"its rows are moving to {target.vendor}")
            read_only.fence()
            figures = _copy(target, progress) if was_empty else _compare(target, was_on=was_on)
    return DatabaseMove(len(figures), sum(table.rows for table in figures.values()), was_done=not was_empty)


def _migrate(url: str) -> None:
    """Create the tables of the target. Migrations use only the default connection, so the target replaces it."""
    with second_database(url, alias=DEFAULT_DB_ALIAS) as target:
        if target.vendor != "postgresql":
            raise OperationError("The target has to be PostgreSQL: postgresql://user:password@host/name.")
        ensure_own_tables(target)
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            raise OperationError(f"The tables of the target could not be created: {error}") from error
    ContentType.objects.clear_cache()  # the two databases number content types differently


def _ensure_same_tables(target: BaseDatabaseWrapper) -> None:
    if applied_migrations(target) != applied_migrations(connection):
        raise OperationError("This hub has migrations to apply. Run `manage.py migrate` first, then try again.")


def _copy(target: BaseDatabaseWrapper, progress: Progress) -> dict[str, TableFigures]:
    def adjust() -> None:
        ReadOnlyMode.objects.using(target.alias).all().delete()
        SearchCursor.objects.using(target.alias).update(built_id=0)  # the worker fills the full-text table

    with open_snapshot(connection) as snapshot:
        return load_lines(target, export_lines(snapshot), progress=progress, adjust=adjust)


def _compare(target: BaseDatabaseWrapper, *, was_on: bool) -> dict[str, TableFigures]:
    """Return the figures of a copy that an earlier run completed.

    Args:
        was_on: Whether the hub was read-only before. Then it stays so: the target may be in use already.

    Raises:
        OperationError: The target has other rows. The hub stays as it was.
    """
    tables = [table for table in exported_tables() if table.name not in _UNCOMPARED]
    with open_snapshot(connection) as ours, open_snapshot(target) as theirs:
        figures = table_figures(ours, tables)
        if figures != table_figures(theirs, tables):
            if not was_on:
                read_only.switch_off()
            raise OperationError("The target has rows of its own. Choose an empty database.")
    return figures
