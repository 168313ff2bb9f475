"""Fields of the v3 dialect."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import format_moment
from versions.platforms import MAX_PLATFORMS

MAX_NAME_CHARACTERS = 256


def format_optional_moment(moment: datetime | None) -> str | None:
    """Return a time as the dialect writes it (ISO 8601, UTC), or None."""
    return format_moment(moment) if moment else None


class V3MomentField(serializers.DateTimeField):
    convert = staticmethod(format_optional_moment)


class ExpiryField(serializers.DateTimeField):
    """A time in a request. Null or an empty text means never."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return super().validate_empty_values(None if data == "" else data)


class NullableTextField(serializers.CharField):
    """A text that may also be sent as null, which the hub stores as an empty text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_blank=True, allow_null=True, **options)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, "") if data is None else super().validate_empty_values(data)


class PlatformsField(serializers.ListField):
    """Names of platforms; their case matters to readers only."""

    child = serializers.CharField(max_length=MAX_NAME_CHARACTERS)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_PLATFORMS, **options)
