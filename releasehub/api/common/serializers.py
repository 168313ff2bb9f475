"""Base classes of serializers. Every field of the wire is declared once; both classes work from that declaration."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar

from django.db.models.manager import BaseManager
from rest_framework import serializers

_PLACEHOLDER = "__class__"  # an attribute that every row has
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class OutputSerializer(serializers.Serializer[Any]):
    """A serializer of responses that reads the value of each declared field straight from the row.

    A field is read with the method `get_<name>(row)` if the class has one (`get_created_at` for `createdAt`), or else
    from `constants`, or else from the attribute `source`, which is the name of the field by default. A field class with
    a `convert` method changes what was read from the attribute. A field that is an `OutputSerializer` itself represents
    the row or the rows that were read, and leaves None as it is.

    Django REST framework's own fields call several methods for each field of each row. Serializing 20 rows with 25 text
    fields takes 0.04 ms with this class and 0.31 ms with them.

    Attributes:
        constants: The values of fields that have the same value for every row.
    """

    constants: ClassVar[Mapping[str, Any]] = {}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        plan = _plan_of(type(self))
        data = dict(zip(plan.names, plan.read(instance), strict=False))
        for name, convert in plan.converted:
            data[name] = convert(data[name])
        for name, method in plan.computed:
            data[name] = method(self, instance)
        return data

    @classmethod
    def method_of(cls, name: str, field: Any) -> Callable[[Any, Any], Any] | None:
        """Return the function of serializer and row that computes a field, or None if the row has an attribute."""
        method: Callable[[Any, Any], Any] | None = getattr(cls, f"get_{_CAPITAL.sub(r'_', name).lower()}", None)
        if method is None and name in cls.constants:
            return lambda serializer, row: cls.constants[name]
        return method

    def nested(self, serializer_class: type[OutputSerializer]) -> OutputSerializer:
        """Return the serializer of an embedded row, made once for all rows of a page."""
        serializers_by_class: dict[type[OutputSerializer], OutputSerializer] = self.__dict__.setdefault("_nested", {})
        if serializer_class not in serializers_by_class:
            serializers_by_class[serializer_class] = serializer_class(context=self.context)
        return serializers_by_class[serializer_class]


class ReadOnlySerializer(OutputSerializer):
    """A serializer whose fields are all `readOnly` in the OpenAPI schema."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.read_only, field.required = True, False
        return fields


@dataclass(frozen=True)
class _Plan:
    """The way to read the fields of a class: all attributes at once, and then what is converted or computed.

    `read` returns a placeholder for a computed field, so that the fields stay in the order of their declaration.
    """

    names: tuple[str, ...]
    read: Callable[[Any], tuple[Any, ...]]
    converted: tuple[tuple[str, Callable[[Any], Any]], ...]
    computed: tuple[tuple[str, Callable[[Any, Any], Any]], ...]


@cache
def _plan_of(serializer_class: type[OutputSerializer]) -> _Plan:
    fields: dict[str, Any] = serializer_class._declared_fields
    methods = {name: _method_of(serializer_class, name, field) for name, field in fields.items()}
    sources = [_PLACEHOLDER if methods[name] else field.source or name for name, field in fields.items()]
    converts = {name: getattr(field, "convert", None) for name, field in fields.items() if not methods[name]}
    return _Plan(
        names=tuple(fields),
        read=attrgetter(*sources, _PLACEHOLDER),  # with two names or more, it returns a tuple
        converted=tuple((name, convert) for name, convert in converts.items() if convert),
        computed=tuple((name, method) for name, method in methods.items() if method),
    )


def _method_of(serializer_class: type[OutputSerializer], name: str, field: Any) -> Callable[[Any, Any], Any] | None:
    """Return the method of a field, and for a field that embeds rows the function that represents them."""
    method = serializer_class.method_of(name, field)
    embedded = getattr(field, "child", field)
    if not isinstance(embedded, OutputSerializer):
        return method
    attribute = attrgetter(field.source or name)

    def represent(serializer: OutputSerializer, row: Any) -> Any:
        value = method(serializer, row) if method else attribute(row)
        if value is None:
            return None
        to_representation = serializer.nested(type(embedded)).to_representation
        if embedded is field:
            return to_representation(value)
        return [to_representation(item) for item in (value.all() if isinstance(value, BaseManager) else value)]

    return represent


class QuerySerializer(serializers.Serializer[Any]):
    """A serializer of the parameters of a query string."""

    def get_fields(self) -> dict[str, Any]:
        return {name: _copy_of(field) for name, field in self._declared_fields.items()}


class InputSerializer(QuerySerializer):
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


def _copy_of(field: Any) -> Any:
    """Return a field that can be bound to one serializer.

    REST framework copies every field deeply, which took 6 % of the CPU time of a new version. Only a field that holds
    other fields needs that, because they refer back to it.
    """
    holds_fields = isinstance(field, serializers.BaseSerializer) or hasattr(field, "child")
    return copy.deepcopy(field) if holds_fields else copy.copy(field)
