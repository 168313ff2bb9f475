"""A form field for numbers of bytes, which people write as *300 MB* or *1.5 GiB*."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from unfold.widgets import UnfoldAdminTextInputWidget

_NAMES = ("KB", "MB", "GB", "TB")
_BINARY_NAMES = ("KiB", "MiB", "GiB", "TiB")
UNITS = {"": 1, "B": 1, "BYTES": 1}
UNITS |= {name: 1000 ** (power + 1) for power, name in enumerate(_NAMES)}
UNITS |= {name.upper(): 1024 ** (power + 1) for power, name in enumerate(_BINARY_NAMES)}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,3})?) ?([A-Z]{0,5})")


def written_size(size: int) -> str:
    """Return the size with the largest unit in which it has no fraction, so that nothing is lost."""
    for power in range(len(_NAMES), 0, -1):
        for base, names in ((1024, _BINARY_NAMES), (1000, _NAMES)):
            if size and size % base**power == 0:
                return f"{size // base**power} {names[power - 1]}"
    return f"{size} bytes" if size else "0"


class SizeField(forms.CharField):
    """A number of bytes. The help text shows how to write it."""

    default_error_messages = {
        "size": "“%(value)s” is not a size. Enter a number with a unit, such as 300 MB, 1.5 GiB or 20000 bytes.",
        "limit": "This size is too large. Enter a smaller one.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnfoldAdminTextInputWidget)
        options["help_text"] = f"{options.get('help_text') or ''} For example 300 MB or 1.5 GiB.".strip()
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return written_size(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value)).strip()
        if not text:
            return None
        match = _SIZE.fullmatch(text.upper())
        unit = UNITS.get(match[2]) if match else None
        if match is None or unit is None:
            raise forms.ValidationError(self.error_messages["size"], code="size", params={"value": text[:40]})
        size = int(Decimal(match[1]) * unit)
        if size > models.BigIntegerField.MAX_BIGINT:
            raise forms.ValidationError(self.error_messages["limit"], code="limit")
        return size

    def validate(self, value: Any) -> None:
        super().validate("" if value is None else value)

    def run_validators(self, value: Any) -> None:
        """Validate nothing here: the value is a number, and `to_python` has checked its range."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True
