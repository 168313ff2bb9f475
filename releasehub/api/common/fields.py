"""Fields of several dialects, and times on the wire: ISO 8601 in UTC."""

from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers

from releasehub.core.numbers import MAX_ID


def parse_moment(text: str) -> datetime:
    """Return a time, or the beginning of a day. A time without a zone is UTC.

    A space is read as `+`, because an unescaped `+` in a query string arrives as a space.

    Raises:
        ValueError: The text is not an ISO 8601 time. The message is meant for the user.
    """
    try:
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if moment is not None:  # databases support fewer zones than ISO 8601
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("Enter an ISO 8601 time, such as 2026-01-31T12:00:00Z.")


def format_moment(moment: datetime) -> str:
    """Return a time as `2026-01-31T12:00:00Z`, with microseconds unless they are zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def format_second(moment: datetime) -> str:
    """Return a time as `2026-01-31T12:00:00Z`, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class UnsignedField(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MAX_ID} | options)


class TextOrNullField(serializers.CharField):
    """A text of a response, which is null if it is empty."""

    @staticmethod
    def convert(text: str) -> str | None:
        return text or None


class FlagField(serializers.BooleanField):
    """A boolean: 1 or 0, true or false. A form that leaves it out does not mean false, unlike an HTML checkbox."""

    default_empty_html = serializers.empty


class VersionNumberField(serializers.CharField):
    """A version number. As a JSON number, 1.10 would silently become 1.1, so only a string is accepted."""

    default_error_messages = {"not_a_string": 'A version number must be a string. Put it in quotes, such as "1.10".'}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_a_string")
        return str(super().to_internal_value(data))


class NamesField(serializers.ListField):
    """A list of names, with those that the hub does not know: clients of the original systems send these too."""

    child = serializers.CharField(max_length=100)

    def to_internal_value(self, data: Any) -> list[str]:
        names: list[str] = super().to_internal_value(data)
        if not all(isinstance(item, str) for item in data):
            self.child.fail("invalid")
        return names


class WordsField(serializers.ListField):
    """A list of words: a list in JSON, and in a form a repeated field or one with commas."""

    child = serializers.CharField(max_length=50)

    def __init__(self, *, keeps_case: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.keeps_case = keeps_case

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if not all(isinstance(item, str) for item in data):
            self.child.fail("invalid")
        parts = [part.strip() for item in data for part in item.split(",")]
        words = super().to_internal_value([part for part in parts if part])
        return list(dict.fromkeys(words if self.keeps_case else (word.lower() for word in words)))

    def get_value(self, dictionary: Any) -> Any:
        if hasattr(dictionary, "getlist"):
            return dictionary.getlist(self.field_name) if self.field_name in dictionary else serializers.empty
        value = super().get_value(dictionary)
        return [value] if isinstance(value, str) else value
