"""Audit rows as text. Each row is one line, whatever it contains."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import models

from releasehub.audit.chain import FETCH_ROWS
from releasehub.audit.links import PROTECTED
from releasehub.core.logs import one_line

SHIPPED = ("position", "chain_hash", "address_digest", *PROTECTED)
EXPORTED = (*PROTECTED, "address", "position", "chain_hash")
# The full-width characters are included because spreadsheets in East Asian locales treat them like the ASCII ones.
_FORMULA_STARTS = frozenset("=+-@\t\r\n|%＝＋－＠")  # noqa: RUF001


def json_line(content: dict[str, Any] | list[Any]) -> str:
    """Return ASCII JSON without control characters, so that no program can read it as two lines."""
    text = json.dumps(content, separators=(",", ":"), default=_plain)
    return text.replace("\x7f", "\\u007f")


def json_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """Yield the rows of a query set as JSON, one line for each. They are read from the database in batches."""
    for values in rows.values_list(*EXPORTED).iterator(FETCH_ROWS):
        yield json_line(dict(zip(EXPORTED, values, strict=True))) + "\n"


def csv_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """Yield the rows of a query set as CSV with a header. The CSV is safe to open in a spreadsheet."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(EXPORTED)
    for values in rows.values_list(*EXPORTED).iterator(FETCH_ROWS):
        yield writer.writerow(_cells(values))


def cell(value: Any) -> str:
    """Return the text of a CSV cell, as one line that no spreadsheet interprets as a formula."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json_line(value)
    if isinstance(value, datetime):
        return _plain(value)
    text = str(value)
    is_formula = text[:1] in _FORMULA_STARTS or text.strip()[:1] in _FORMULA_STARTS
    return one_line(f"'{text}" if is_formula and not isinstance(value, int) else text)


def _cells(values: Iterable[Any]) -> list[str]:
    return [cell(value) for value in values]


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


class _Echo:
    """A file object that returns the text it is given. `csv.writer.writerow` passes the result on."""

    def write(self, text: str) -> str:
        return text
