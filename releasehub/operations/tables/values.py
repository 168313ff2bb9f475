"""The portable form of a value, and how each database reads and writes it.

The form is a JSON value that both databases can produce exactly: times are UTC without a zone, as SQLite stores them,
bytes are base64, and documents are parsed, because PostgreSQL does not keep their spaces and the order of their keys.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models

from releasehub.operations.errors import OperationError


class ValueKind(StrEnum):
    INTEGER = "integer"
    BOOLEAN = "boolean"
    FLOAT = "float"
    TEXT = "text"
    TIME = "time"
    BYTES = "bytes"
    DOCUMENT = "document"


Converter = Callable[[Any], Any]
_TYPES = {
    ValueKind.INTEGER: "AutoField BigAutoField BigIntegerField IntegerField PositiveBigIntegerField "
    "PositiveIntegerField PositiveSmallIntegerField SmallIntegerField",
    ValueKind.BOOLEAN: "BooleanField",
    ValueKind.FLOAT: "FloatField",
    ValueKind.TEXT: "CharField TextField SlugField GenericIPAddressField DateField",
    ValueKind.TIME: "DateTimeField",
    ValueKind.BYTES: "BinaryField",
    ValueKind.DOCUMENT: "JSONField",
}
_KIND_OF_TYPE = {name: kind for kind, names in _TYPES.items() for name in names.split()}


def kind_of(field: models.Field[Any, Any]) -> ValueKind:
    """Return the kind of a column; a foreign key has that of its target.

    Raises:
        OperationError: No model had a field of this type when this was written. Add the type to `_TYPES`.
    """
    while field.remote_field is not None:
        field = field.target_field  # type: ignore[attr-defined]
    try:
        return _KIND_OF_TYPE[field.get_internal_type()]
    except KeyError:
        raise OperationError(f"The type of {field} cannot be exported. This is a bug in ReleaseHub.") from None


def _time(value: Any) -> str:
    # Connections of Django return times of SQLite as `datetime`, others return the stored text.
    return str(datetime.fromisoformat(str(value)).replace(tzinfo=None))


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


# Values as SQLite returns them. A column of SQLite may hold a whole number where a float is meant.
FROM_SQLITE: dict[ValueKind, Converter] = {
    ValueKind.BOOLEAN: bool,
    ValueKind.FLOAT: float,
    ValueKind.TEXT: str,
    ValueKind.TIME: _time,
    ValueKind.BYTES: _bytes,
    ValueKind.DOCUMENT: json.loads,
}
# The text that PostgreSQL's COPY writes.
FROM_POSTGRESQL: dict[ValueKind, Converter] = {
    ValueKind.INTEGER: int,
    ValueKind.BOOLEAN: "t".__eq__,
    ValueKind.FLOAT: float,
    ValueKind.TIME: _time,
    ValueKind.BYTES: lambda text: _bytes(bytes.fromhex(text[2:])),
    ValueKind.DOCUMENT: json.loads,
}
TO_SQLITE: dict[ValueKind, Converter] = {
    ValueKind.BYTES: base64.b64decode,
    ValueKind.DOCUMENT: json.dumps,
}
# Values for PostgreSQL's COPY, which reads text in the type of the column.
TO_POSTGRESQL: dict[ValueKind, Converter] = {
    ValueKind.TIME: lambda text: f"{text}+00",
    ValueKind.BYTES: lambda text: f"\\x{base64.b64decode(text).hex()}",
    ValueKind.DOCUMENT: json.dumps,
}


def converter(converters: dict[ValueKind, Converter], kinds: list[ValueKind]) -> Converter:
    """Return a function that converts a row. NULL stays NULL."""
    steps = [converters.get(kind) for kind in kinds]

    def convert(row: Any) -> list[Any]:
        return [value if step is None or value is None else step(value) for step, value in zip(steps, row, strict=True)]

    return convert
