"""The tables that are exported, and the migrations that made them."""

from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
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
    """Check that the database is only for the hub, before all of its rows or tables are deleted.

    Raises:
        OperationError: There are tables of another program.
    """
    labels = (*(f"{config.label}_" for config in apps.get_app_configs()), "django_", "sqlite_")
    if foreign := [name for name in connection.introspection.table_names() if not name.startswith(labels)]:
        raise OperationError(
            f"The database also has tables of another program, such as {foreign[0]}. Use a database for the hub alone."
        )


def quoted(*names: str) -> str:
    """Return the names as a list of columns. A quotation mark is doubled, because names also come from backups."""
    return ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
