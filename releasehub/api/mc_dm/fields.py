"""Fields of the mc-dm dialect: times are Unix seconds, and 0 stands for "none" in times and ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers


def epoch(moment: datetime | None) -> int:
    """Return a time in Unix seconds; 0 means never."""
    return int(moment.timestamp()) if moment else 0


class EpochField(serializers.IntegerField):
    """A time in Unix seconds."""

    convert = staticmethod(epoch)


class OptionalIdField(serializers.IntegerField):
    """The id of a row, or 0 if there is none."""

    @staticmethod
    def convert(value: int | None) -> int:
        return value or 0


class NullableURLField(serializers.URLField):
    """A URL; the hub stores an empty text where the dialect has null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    @staticmethod
    def convert(value: str) -> str | None:
        return value or None
