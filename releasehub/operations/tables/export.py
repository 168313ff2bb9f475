"""Export all tables as JSON lines, and read such an export.

Each table begins with a line that names its columns, and ends with a line that has the number of its rows and their
digest. The digest does not depend on the order of the rows, because the two databases sort texts differently.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from releasehub.operations.errors import OperationError
from releasehub.operations.tables.schema import Table, exported_tables
from releasehub.operations.tables.snapshots import Snapshot
from releasehub.operations.tables.values import ValueKind

_MODULUS = 2**256
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode
Progress = Callable[[str], None]


@dataclass(frozen=True)
class TableFigures:
    """The number of rows of a table, the digest over them, and the last number of its sequence."""

    rows: int
    digest: str
    last_key: int = 0


class TableDigest:
    """The sum of the SHA-256 of all rows."""

    def __init__(self) -> None:
        self._rows, self._sum = 0, 0

    def add(self, line: bytes) -> None:
        self._rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def figures(self, last_key: int = 0) -> TableFigures:
        return TableFigures(self._rows, f"{self._sum % _MODULUS:064x}", last_key)


def encode_row(row: list[Any]) -> bytes:
    return _encode(row).encode("utf-8", "surrogatepass")


def export_lines(
    snapshot: Snapshot, *, found: dict[str, TableFigures] | None = None, progress: Progress = lambda text: None
) -> Iterator[bytes]:
    """Yield the lines of all tables, without line ends, and put the figures of each table into `found`."""
    for table in exported_tables():
        columns = [list(pair) for pair in zip(table.columns, table.kinds, strict=True)]
        yield _encode({"table": table.name, "columns": columns, "key": table.key}).encode()
        digest = TableDigest()
        for row in snapshot.rows(table):
            line = encode_row(row)
            digest.add(line)
            yield line
        figures = digest.figures(snapshot.last_key(table) if table.key else 0)
        yield _encode({"end": table.name} | figures.__dict__).encode()
        if found is not None:
            found[table.name] = figures
        progress(f"{table.name}: {figures.rows} rows")


def table_figures(snapshot: Snapshot, tables: list[Table]) -> dict[str, TableFigures]:
    figures = {}
    for table in tables:
        digest = TableDigest()
        for row in snapshot.rows(table):
            digest.add(encode_row(row))
        figures[table.name] = digest.figures()
    return figures


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
