"""Fields of request bodies in several dialects."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from releasehub.core.numbers import MAX_ID


class UnsignedField(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MAX_ID} | options)


class FlagField(serializers.BooleanField):
    """A boolean: 1 or 0, true or false. A form that leaves it out does not mean false, unlike an HTML checkbox."""

    default_empty_html = serializers.empty


class WordsField(serializers.ListField):
    """A list of words in lower case: a list in JSON, and in a form a repeated field or one with commas."""

    child = serializers.CharField(max_length=50)

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if not all(isinstance(item, str) for item in data):
            self.child.fail("invalid")
        parts = [part.strip() for item in data for part in item.split(",")]
        return list(dict.fromkeys(word.lower() for word in super().to_internal_value([part for part in parts if part])))

    def get_value(self, dictionary: Any) -> Any:
        if hasattr(dictionary, "getlist"):
            return dictionary.getlist(self.field_name) if self.field_name in dictionary else serializers.empty
        value = super().get_value(dictionary)
        return [value] if isinstance(value, str) else value
