"""The tables that are exported, and the migrations that made them.

Those of an empty database are brought into the state of a backup, whatever release made it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from releasehub.operations.errors import OperationError
from releasehub.operations.tables.values import ValueKind, kind_of


@dataclass(frozen=True)
class Table:
    """A table and its columns. `key` is the column of the sequence that numbers new rows, or empty."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[ValueKind, ...]
    key: str


def exported_tables() -> list[Table]:
    """Return the tables of all models. The full-text table is not one of them, because it can be built again."""
    tables = []
    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        fields = list(options.concrete_fields)
        key = options.auto_field.column if options.auto_field is not None else ""
        columns = tuple(str(field.column) for field in fields)
        tables.append(Table(options.db_table, columns, tuple(kind_of(field) for field in fields), str(key)))
    return sorted(tables, key=lambda table: table.name)


def applied_migrations(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    return sorted(MigrationRecorder(connection).applied_migrations())


def ensure_own_tables(connection: BaseDatabaseWrapper) -> None:
    """Check that the database is only for the hub, before all of its rows or tables are deleted."""
    labels = (*(f"{config.label}_" for config in apps.get_app_configs()), "django_", "sqlite_")
    if foreign := [name for name in connection.introspection.table_names() if not name.startswith(labels)]:
        raise OperationError(
            f"The database also has tables of another program, such as {foreign[0]}. Use a database for the hub alone."
        )


def quoted(*names: str) -> str:
    """Return the names as a list of columns. A quotation mark is doubled, because names also come from backups."""
    return ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)


Migrations = list[tuple[str, str]]
_RECORD = "django_migrations"
_FULL_TEXT = "search_document"


def ensure_known(migrations: Iterable[tuple[str, str]], release: str) -> None:
    """Check that this release has all of the migrations."""
    known = MigrationLoader(None).disk_migrations
    if unknown := [f"{app}.{name}" for app, name in migrations if (app, name) not in known]:
        raise OperationError(
            f"The backup was made by release {release}, which has migrations that this one does not know, such as "
            f"{unknown[0]}. Install that release or a newer one, then try again."
        )


def prepare_tables(connection: BaseDatabaseWrapper, migrations: Migrations) -> None:
    """Make the tables as these migrations do. All rows are lost unless the tables are in this state already.

    An interruption leaves a state that differs, so the next call begins anew.
    """
    squashed = MigrationLoader(None).replacements.keys()
    if set(applied_migrations(connection)) - squashed == set(migrations) - squashed:
        return
    _drop_all(connection)
    executor = MigrationExecutor(connection)
    if not can_be_squashed(executor.loader, migrations):
        executor.loader = unsquashed_loader(connection)
    executor.migrate(newest_migrations(executor.loader, migrations))


def can_be_squashed(loader: MigrationLoader, migrations: Migrations) -> bool:
    """Return whether squashed migrations make the same tables: the backup has all that they replace, or none."""
    made = set(migrations)
    return all(
        made.issuperset(migration.replaces) or made.isdisjoint(migration.replaces)
        for migration in loader.replacements.values()
    )


def unsquashed_loader(connection: BaseDatabaseWrapper | None) -> MigrationLoader:
    """Return a loader whose graph has the old migrations and not the squashed ones, whatever is applied."""
    loader = MigrationLoader(connection, replace_migrations=False)
    for key, migration in loader.replacements.items():
        loader.graph.remove_replacement_node(key, migration.replaces)
    return loader


def newest_migrations(loader: MigrationLoader, migrations: Migrations) -> Migrations:
    """Return the migrations that no other one of the same app follows. The executor finds those before them.

    If the graph has squashed migrations, they stand for those that they replace.
    """
    squashed = {old: key for key, migration in loader.replacements.items() for old in migration.replaces}
    applied = set(migrations) - loader.replacements.keys()
    wanted = {key if key in loader.graph.nodes else squashed[key] for key in applied}
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
