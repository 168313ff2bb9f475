"""Fields of the GitHub dialect."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import format_second


class LinkField(serializers.CharField):
    """The URL of the object that the serializer shows, followed by a suffix."""

    def __init__(self, suffix: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.suffix = suffix


def format_optional_second(moment: datetime | None) -> str | None:
    return format_second(moment) if moment else None


class SecondField(serializers.DateTimeField):
    convert = staticmethod(format_optional_second)
