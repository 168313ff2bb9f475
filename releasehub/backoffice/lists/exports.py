"""Exports of a list of the admin as CSV and JSON: what the list shows, for all rows that match its filters."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.http import StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from releasehub.audit.lines import json_line
from releasehub.core.csv_export import csv_lines, csv_response, safe_cell

BATCH_ROWS = 1000
FORMATS = ("csv", "json")


def export_response(form: str, rows: Any, names: Sequence[Any], model_admin: Any) -> StreamingHttpResponse:
    """Return a response that streams the rows. They are read in batches, so their number has no limit."""
    filename = f"{model_admin.model._meta.model_name}.{form}"
    values = (values_of(row, names, model_admin) for row in rows.iterator(chunk_size=BATCH_ROWS))
    header = ["id", *(str(label_for_field(name, model_admin.model, model_admin)) for name in names)]
    if form == "csv":
        cells = ([value if type(value) is int else safe_cell(text_of(value)) for value in row] for row in values)
        return csv_response(csv_lines(header, cells), filename)
    keys = ["id", *(name if isinstance(name, str) else name.__name__ for name in names)]
    response = StreamingHttpResponse(_json(keys, values), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def values_of(row: Model, names: Sequence[Any], model_admin: Any) -> list[Any]:
    """Return the columns of a row, with plain numbers and times instead of relative times and sizes with units."""
    return [row.pk, *(_value(row, name, model_admin) for name in names)]


def _value(row: Model, name: Any, model_admin: Any) -> Any:
    try:
        value = lookup_field(name, row, model_admin)[2]
    except ObjectDoesNotExist:
        return None
    if isinstance(value, SafeString):
        return unescape(strip_tags(value))
    return value if isinstance(value, bool | int | str | datetime | None) else str(value)


def text_of(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else str(value)


def _json(keys: list[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    yield "["
    for number, values in enumerate(rows):
        yield ("," if number else "") + "\n" + json_line(dict(zip(keys, values, strict=True)))
    yield "\n]\n"
