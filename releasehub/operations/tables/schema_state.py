"""Bring the tables of an empty database into the state of a backup, whatever release made it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from releasehub.operations.errors import OperationError
from releasehub.operations.tables.schema import applied_migrations, ensure_own_tables, quoted

Migrations = list[tuple[str, str]]
_RECORD = "django_migrations"
_FULL_TEXT = "search_document"


def ensure_known(migrations: Iterable[tuple[str, str]], release: str) -> None:
    """Check that this release has all of the migrations.

    Raises:
        OperationError: A newer release made the backup.
    """
    known = MigrationLoader(None).graph.nodes
    if unknown := [f"{app}.{name}" for app, name in migrations if (app, name) not in known]:
        raise OperationError(
            f"The backup was made by release {release}, which has migrations that this one does not know, such as "
            f"{unknown[0]}. Install that release or a newer one, then try again."
        )


def prepare_tables(connection: BaseDatabaseWrapper, migrations: Migrations) -> None:
    """Make the tables as these migrations do. All rows are lost unless the tables are in this state already.

    An interruption leaves a state that differs, so the next call begins anew.
    """
    if applied_migrations(connection) == sorted(migrations):
        return
    _drop_all(connection)
    executor = MigrationExecutor(connection)
    executor.migrate(newest_migrations(executor.loader, migrations))


def newest_migrations(loader: MigrationLoader, migrations: Migrations) -> Migrations:
    """Return the migrations that no other one of the same app follows. The executor finds those before them."""
    wanted = set(migrations)
    followed = {
        (app, name)
        for app, name in wanted
        if any(child.key[0] == app and child.key in wanted for child in loader.graph.node_map[app, name].children)
    }
    return sorted(wanted - followed)


def _drop_all(connection: BaseDatabaseWrapper) -> None:
    ensure_own_tables(connection)
    tables = connection.introspection.table_names()
    # The record of migrations goes first, and the parts of SQLite's full-text table go with that table.
    ordered = [name for name in (_RECORD, _FULL_TEXT) if name in tables]
    ordered += [name for name in tables if not name.startswith((_RECORD, _FULL_TEXT))]
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for name in ordered:
            cascade = " CASCADE" if connection.vendor == "postgresql" else ""
            with transaction.atomic(using=connection.alias):
                cursor.execute(f"DROP TABLE {quoted(name)}{cascade}")
