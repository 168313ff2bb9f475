"""Fast filling of tables: COPY into a temporary table of the columns that differ, while indexes do not exist."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

INDEXES = """
SELECT c.conname, i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(c.oid)
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
"""


@contextmanager
def without_indexes(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """Drop the indexes of tables for the length of a block, and skip triggers and foreign keys meanwhile.

    Building an index once takes a fraction of the time of adding millions of rows to it one by one. Skipping triggers
    needs a superuser, so this works on the databases that the benchmarks create, and not on those of a hub.
    """
    statements: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for model in tables:
            table = model._meta.db_table
            cursor.execute(INDEXES, [table])
            for constraint, index, create, definition in cursor.fetchall():
                if constraint:
                    cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
                    statements.append(f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {definition}')
                else:
                    cursor.execute(f"DROP INDEX {index}")
                    statements.append(create)
        yield
        for statement in statements:
            cursor.execute(statement)


def copy_rows(model: type[models.Model], same: dict[str, Any], columns: Sequence[str], rows: Iterator[Any]) -> None:
    """Insert rows that have the values `same` by column, except for the `columns` that each row gives."""
    table, names = model._meta.db_table, ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA")
        with cursor.copy(f"COPY staged ({names}) FROM STDIN") as target:
            for row in rows:
                target.write_row(row)
    insert_from(model, {column: f'"{column}"' for column in columns}, same, "staged")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE staged")


def insert_from(model: type[models.Model], expressions: dict[str, str], same: dict[str, Any], source: str) -> None:
    """Insert a row for each row of a table or of another FROM clause, computed from SQL expressions by column."""
    fixed = {column: value for column, value in same.items() if column not in expressions}
    names = ", ".join(f'"{column}"' for column in (*expressions, *fixed))
    values = ", ".join([*expressions.values(), *["%s"] * len(fixed)])
    with connection.cursor() as cursor:
        sql = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {source}"
        cursor.execute(sql, list(fixed.values()))


def column_values(row: models.Model) -> dict[str, Any]:
    """Return the values of a row by column, in the form that the database expects.

    The primary key is left out, and so are the columns whose value is the default of the database.
    """
    values = {field: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    return {
        str(field.column): field.get_db_prep_save(value, connection)
        for field, value in values.items()
        if not isinstance(value, DatabaseDefault)
    }


def continue_sequence(model: type[models.Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
