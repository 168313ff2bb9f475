"""Validation of input that several services share."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from releasehub.core.errors import ErrorCode, Invalid

_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# They change the direction of all text up to the end of the line, so a title could reverse the names beside it. Letters
# of languages from right to left need none of them on a line of their own.
_DIRECTION_CHARACTERS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def strip_controls(text: str) -> str:
    """Return the text without the characters that XML forbids, and thus every feed, except tabs and line breaks."""
    return _CONTROL_CHARACTERS.sub("", text)


def fold_whitespace(text: str) -> str:
    """Return the text on one line, with each run of white space as one space."""
    return " ".join(text.split())


def clean_fields(target: models.Model, names: Iterable[str]) -> None:
    """Run the model's own validation (length, choices, URL syntax) for the named fields only.

    A loaded row that a field refers to is not looked up again.

    Raises:
        Invalid: A field has an invalid value. The error names the first such field.
    """
    included = set(names)
    excluded = {field.name for field in target._meta.fields if field.name not in included or _is_loaded(target, field)}
    try:
        target.clean_fields(exclude=excluded)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(f"{field}: {messages[0]}", field=field) from error


def _is_loaded(target: models.Model, field: Any) -> bool:
    return isinstance(field, models.ForeignKey) and field.get_cached_value(target, default=None) is not None


def assign(target: models.Model, values: dict[str, Any]) -> None:
    """Set the fields of the target and validate them.

    Control characters are removed from texts, and from texts of one line also those that change their direction.
    """
    for name, value in values.items():
        setattr(target, name, clean_value(target, name, value))
    clean_fields(target, values)


def clean_value(target: models.Model, name: str, value: Any) -> Any:
    """Return the value as `assign` stores it in that field."""
    if not isinstance(value, str):
        return value
    is_one_line = isinstance(target._meta.get_field(name), models.CharField)
    return _DIRECTION_CHARACTERS.sub("", strip_controls(value)) if is_one_line else strip_controls(value)


def clean_scopes(scopes: Iterable[str], known_scopes: Collection[str]) -> list[str]:
    """Return the scopes sorted and without duplicates."""
    cleaned = sorted(set(scopes))
    if unknown := [scope for scope in cleaned if scope not in known_scopes]:
        message = f"Unknown scope: {', '.join(unknown)}. Use one of: {', '.join(sorted(known_scopes))}."
        raise Invalid(message, field="scopes", code=ErrorCode.KEY_SCOPE_UNKNOWN)
    return cleaned
