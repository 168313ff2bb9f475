"""Read the lines of an export, and check each table against its last line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from releasehub.operations.errors import OperationError
from releasehub.operations.tables.export import TableDigest, TableFigures
from releasehub.operations.tables.schema import Table
from releasehub.operations.tables.values import ValueKind


@dataclass
class ImportedTable:
    """A table of an export. `figures` is known after all rows were read."""

    table: Table
    rows: Iterator[list[Any]]
    figures: TableFigures | None = None


def read_tables(lines: Iterable[bytes]) -> Iterator[ImportedTable]:
    """Yield the tables of an export. Read the rows of each before the next one.

    Raises:
        OperationError: The export is incomplete, or the rows of a table do not match its digest.
    """
    remaining = iter(lines)
    for line in remaining:
        head = json.loads(line)
        names, kinds = zip(*head["columns"], strict=True)
        table = Table(head["table"], tuple(names), tuple(map(ValueKind, kinds)), head["key"])
        imported = ImportedTable(table, iter(()))
        imported.rows = _rows(remaining, imported)
        yield imported
        for _ in imported.rows:  # those that the caller did not read
            pass
        if imported.figures is None:
            raise OperationError(f"The export ends within the table {table.name}. Use another backup.")


def _rows(lines: Iterator[bytes], imported: ImportedTable) -> Iterator[list[Any]]:
    digest = TableDigest()
    for line in lines:
        value = json.loads(line)
        if isinstance(value, dict):
            figures = TableFigures(value["rows"], value["digest"], value["last_key"])
            if digest.figures(figures.last_key) != figures:
                raise OperationError(
                    f"The rows of {imported.table.name} do not match their digest. Use another backup."
                )
            imported.figures = figures
            return
        digest.add(line)
        yield value
