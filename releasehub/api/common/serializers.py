"""Base classes of serializers. Every field of the wire is declared once; both classes work from that declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar

from rest_framework import serializers

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class OutputSerializer(serializers.Serializer[Any]):
    """A serializer of responses that reads the value of each declared field straight from the row.

    A field is read with the method `get_<name>(row)` if the class has one (`get_created_at` for `createdAt`), or else
    from the attribute `source`, which is the name of the field by default. A field class with a `convert` method
    changes what was read from the attribute.

    Django REST framework's own fields call several methods for each field of each row. Serializing 20 rows with 25 text
    fields takes 0.28 ms with this class and 1.52 ms with them.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: read(instance) for name, read in self._readers}

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, self._reader(name, field)) for name, field in self._declared_fields.items()]

    def _reader(self, name: str, field: Any) -> Callable[[Any], Any]:
        if method := getattr(self, f"get_{_CAPITAL.sub(r'_', name).lower()}", None):
            return method  # type: ignore[no-any-return]
        read = attrgetter(field.source or name)
        if convert := getattr(field, "convert", None):
            return lambda row: convert(read(row))
        return read

    def nested(self, serializer_class: type[OutputSerializer]) -> OutputSerializer:
        """Return the serializer of an embedded row, made once for all rows of a page."""
        serializers_by_class: dict[type[OutputSerializer], OutputSerializer] = self.__dict__.setdefault("_nested", {})
        if serializer_class not in serializers_by_class:
            serializers_by_class[serializer_class] = serializer_class(context=self.context)
        return serializers_by_class[serializer_class]


class InputSerializer(serializers.Serializer[Any]):
    """A serializer of request bodies.

    The serializer of a creation extends that of a change and names in `required_fields` what a creation cannot leave
    out, and in `default_values` what it assumes then, so that each field is declared once.

    A member that is null counts as left out, because many clients serialize every member of their classes. Only a field
    with `allow_null` gives null a meaning of its own, as the contract of its dialect says.
    """

    instance: Any
    required_fields: ClassVar[tuple[str, ...]] = ()
    default_values: ClassVar[Mapping[str, Any]] = {}

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name in self.required_fields:
            fields[name].required = True
        for name, value in self.default_values.items():
            fields[name].default = value
        return fields

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(self._without_nulls(data))

    def _without_nulls(self, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        nullable = {name for name, field in self.fields.items() if field.allow_null}
        return {name: value for name, value in data.items() if value is not None or name in nullable}
