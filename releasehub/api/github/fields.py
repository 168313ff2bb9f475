"""Fields of the GitHub dialect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from releasehub.api.github.moments import format_second


class LinkField(serializers.CharField):
    """The URL of the object that the serializer shows, followed by a suffix."""

    def __init__(self, suffix: str = "", **options: Any) -> None:
        super().__init__(read_only=True, **options)
        self.suffix = suffix


def format_optional_second(moment: datetime | None) -> str | None:
    return format_second(moment) if moment else None


class SecondField(serializers.DateTimeField):
    """A time of a response, in whole seconds."""

    convert = staticmethod(format_optional_second)
