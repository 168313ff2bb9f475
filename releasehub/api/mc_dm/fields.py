"""Fields of the mc-dm dialect: times are Unix seconds, and 0 stands for "none" in times and ids."""

from datetime import UTC, datetime

from rest_framework import serializers

from releasehub.api.common.fields import parse_moment

DATE_DIGITS = 8
MAX_EPOCH_DIGITS = 20  # far more than a time can have, and few enough to read


def epoch(moment: datetime | None) -> int:
    """Return a time in Unix seconds; 0 means never."""
    return int(moment.timestamp()) if moment else 0


def read_moment(text: str) -> datetime:
    """Return a time that a client sent, as Unix seconds or in ISO 8601. Eight digits are a date, such as 20260131.

    Raises:
        ValueError: The text is neither. The message is meant for the user.
    """
    if not (text.isascii() and text.isdigit()) or len(text) == DATE_DIGITS:
        return parse_moment(text)
    try:
        return datetime.fromtimestamp(int(text[:MAX_EPOCH_DIGITS]), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("Enter Unix seconds, or an ISO 8601 time, such as 2026-01-31T12:00:00Z.") from None


class EpochField(serializers.IntegerField):
    convert = staticmethod(epoch)


class PlaceField(serializers.IntegerField):
    """A place in an order that begins with 1. The hub stores 0 if no place was chosen."""

    @staticmethod
    def convert(value: int) -> int:
        return max(value, 1)


class OptionalIdField(serializers.IntegerField):
    """The id of a row, or 0 if there is none."""

    @staticmethod
    def convert(value: int | None) -> int:
        return value or 0
