"""Audit rows as text: one row, one line, whatever the row holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import models

from releasehub.audit.chain import FETCH_ROWS, PROTECTED
from releasehub.core.logs import one_line

SHIPPED = ("position", "chain_hash", "address_digest", *PROTECTED)
EXPORTED = (*PROTECTED, "address", "position", "chain_hash")
# Full-width forms too: spreadsheets in East Asian locales read them as the plain ones.
_FORMULA_STARTS = frozenset("=+-@\t\r\n|%＝＋－＠")  # noqa: RUF001


def json_line(content: dict[str, Any] | list[Any]) -> str:
    """ASCII JSON without any control character, so that no reader can see a second line in it."""
    text = json.dumps(content, separators=(",", ":"), default=_plain)
    return text.replace("\x7f", "\\u007f")


def json_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """The rows of a queryset as JSON lines, each with its line end, read from the database piece by piece."""
    for values in rows.values_list(*EXPORTED).iterator(FETCH_ROWS):
        yield json_line(dict(zip(EXPORTED, values, strict=True))) + "\n"


def csv_lines(rows: models.QuerySet[Any]) -> Iterator[str]:
    """The rows of a queryset as CSV with a header, safe to open in a spreadsheet, read piece by piece."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(EXPORTED)
    for values in rows.values_list(*EXPORTED).iterator(FETCH_ROWS):
        yield writer.writerow(_cells(values))


def cell(value: Any) -> str:
    """A CSV cell that no spreadsheet takes for a formula, on one line."""
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
    """A file that gives back what is written, which `csv.writer` hands on."""

    def write(self, text: str) -> str:
        return text
