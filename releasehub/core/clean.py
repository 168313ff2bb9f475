"""Checks of plain values that several services share."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from releasehub.core.errors import ErrorCode, Invalid


def clean_fields(target: models.Model, names: Iterable[str]) -> None:
    """The field checks of the model (length, choices, URL form) for these fields only.

    Errors: Invalid, naming the first field at fault.
    """
    wanted = set(names)
    skipped = {field.name for field in target._meta.fields if field.name not in wanted}
    try:
        target.clean_fields(exclude=skipped)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(ErrorCode.INVALID, f"{field}: {messages[0]}", field=field) from error


def assign(target: models.Model, values: dict[str, Any]) -> None:
    """Set the fields and check them.  Errors: Invalid."""
    for name, value in values.items():
        setattr(target, name, value)
    clean_fields(target, values)
