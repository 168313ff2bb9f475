"""Audit rows as text. Each row is one line, whatever it contains."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import models

from releasehub.audit.chain import FETCH_ROWS
from releasehub.audit.links import PROTECTED
from releasehub.core.csv_export import csv_lines, safe_cell

SHIPPED = ("position", "chain_hash", "address_digest", *PROTECTED)
EXPORTED = (*PROTECTED, "address", "position", "chain_hash")


def json_line(content: dict[str, Any] | list[Any]) -> str:
    """Return ASCII JSON without control characters, so that no program can read it as two lines."""
    text = json.dumps(content, separators=(",", ":"), default=_plain)
    return text.replace("\x7f", "\\u007f")


def json_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """Yield the rows of a query set as JSON, one line for each. They are read from the database in batches."""
    for values in rows.values_list(*EXPORTED).iterator(FETCH_ROWS):
        yield json_line(dict(zip(EXPORTED, values, strict=True))) + "\n"


def audit_csv_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """Yield the rows of a query set as CSV with a header. The CSV is safe to open in a spreadsheet."""
    values = rows.values_list(*EXPORTED).iterator(FETCH_ROWS)
    return csv_lines(EXPORTED, ([cell(value) for value in row] for row in values))


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json_line(value)
    if isinstance(value, datetime):
        return _plain(value)
    return str(value) if isinstance(value, int) else safe_cell(str(value))


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
