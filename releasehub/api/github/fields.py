"""Fields of the GitHub dialect."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers


class LinkField(serializers.CharField):
    """The URL of the object that the serializer shows, followed by a suffix."""

    def __init__(self, suffix: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.suffix = suffix


def format_second(moment: datetime) -> str:
    """Return a time as `2026-01-31T12:00:00Z`, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_optional_second(moment: datetime | None) -> str | None:
    return format_second(moment) if moment else None


class SecondField(serializers.DateTimeField):
    convert = staticmethod(format_optional_second)
