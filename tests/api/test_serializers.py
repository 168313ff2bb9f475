"""The base classes of serializers: each field of the wire is declared once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.db import models
from django.urls import get_resolver
from rest_framework import serializers

from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.serializers import InputSerializer, OutputSerializer
from releasehub.api.common.viewsets import HubViewSet


class DoubledField(serializers.IntegerField):
    @staticmethod
    def convert(value: int) -> int:
        return value * 2


class PartSerializer(OutputSerializer):
    label = serializers.CharField()


class RowSerializer(OutputSerializer):
    id = serializers.IntegerField(source="pk")
    ownerName = serializers.CharField(source="owner.name")  # noqa: N815 - as on the wire
    createdBy = serializers.CharField()  # noqa: N815 - as on the wire
    count = DoubledField()
    size = serializers.IntegerField()
    first = PartSerializer(source="parts.first")
    last = PartSerializer()
    parts = PartSerializer(many=True, source="parts.rows")

    constants = {"size": 7}

    def get_created_by(self, row: Any) -> str:
        return f"user {row.pk}"

    def get_last(self, row: Any) -> Any:
        return row.parts.rows[-1]


PARTS = SimpleNamespace(first=None, rows=[SimpleNamespace(label="a"), SimpleNamespace(label="b")])
ROW = SimpleNamespace(pk=1, owner=SimpleNamespace(name="ann"), count=4, parts=PARTS)


def test_output_reads_sources_methods_constants_and_embedded_rows_in_the_order_of_declaration() -> None:
    data = RowSerializer().to_representation(ROW)
    assert list(data.items()) == [
        ("id", 1),
        ("ownerName", "ann"),
        ("createdBy", "user 1"),
        ("count", 8),
        ("size", 7),
        ("first", None),
        ("last", {"label": "b"}),
        ("parts", [{"label": "a"}, {"label": "b"}]),
    ]


def test_output_of_many_rows_is_a_list() -> None:
    assert [row["id"] for row in RowSerializer([ROW, ROW], many=True).data] == [1, 1]


def test_nested_serializer_is_created_once_with_the_context() -> None:
    serializer = RowSerializer(context={"base_url": "http://hub"})
    nested = serializer.nested(PartSerializer)
    assert nested is serializer.nested(PartSerializer)
    assert nested.context == {"base_url": "http://hub"}


class ChangeSerializer(InputSerializer):
    title = serializers.CharField(required=False)
    state = serializers.CharField(required=False)


class CreationSerializer(ChangeSerializer):
    required_fields = ("title",)
    default_values = {"state": "draft"}


def test_update_without_fields_is_accepted() -> None:
    serializer = ChangeSerializer(data={})
    assert serializer.is_valid()
    assert serializer.validated_data == {}


def test_creation_needs_its_required_fields() -> None:
    serializer = CreationSerializer(data={})
    assert not serializer.is_valid()
    assert list(serializer.errors) == ["title"]


def test_creation_fills_in_its_default_values() -> None:
    serializer = CreationSerializer(data={"title": "Tool"})
    assert serializer.is_valid()
    assert serializer.validated_data == {"title": "Tool", "state": "draft"}


def all_subclasses(cls: type) -> list[type]:
    return [cls, *(inner for child in cls.__subclasses__() for inner in all_subclasses(child))]


def test_view_sets_use_the_method_names_of_rest_framework() -> None:
    """A private synonym of a method of REST framework has to be learned by everybody who reads a view set."""
    synonyms = {"rows", "filtered_rows", "decorated", "found", "shown", "one", "parsed", "checked", "tagged"}
    assert get_resolver().url_patterns  # loads the modules of all view sets
    views = [view for view in all_subclasses(HubViewSet) if view.__module__.startswith("releasehub.")]
    assert len(views) > 30
    assert {(view.__name__, name) for view in views for name in synonyms & set(vars(view))} == set()


def test_page_without_a_filter_builds_no_filter_set() -> None:
    view = HubModelViewSet()
    view.request = SimpleNamespace(query_params={})  # type: ignore[assignment]
    queryset: Any = models.QuerySet()
    assert view.filter_queryset(queryset) is queryset
