"""The parts of the OpenAPI schema of the mc-dm dialect that do not follow from its serializers."""

from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from releasehub.api.common.schema import FILE_DESCRIPTION, FILE_RESPONSES

WITH = OpenApiParameter("with", str, enum=["default", "full"], description="`full` adds fields and related objects.")
PAGING = (
    OpenApiParameter("page", int, description="Starts at 1. A value out of range is clamped."),
    OpenApiParameter("after", str, description="The `next` of the page before; `page` is then ignored."),
    OpenApiParameter("per_page", int, description="20 by default, at most 100. A value out of range is clamped."),
    OpenApiParameter("direction", str, enum=["asc", "desc"], description="The default is `desc`."),
    WITH,
)
DELETED = OpenApiParameter("deleted", int, enum=[0, 1], description="1: deleted objects that the caller may restore.")
SINCE = OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601; only strictly newer objects.")
HARD = OpenApiParameter("hard", int, enum=[0, 1], description="1: delete permanently; needs a scope of its own.")
REASON = OpenApiParameter("reason", str, description="Recorded in the audit log.")
UNITS = "Timestamps are Unix seconds, sizes are bytes."


class McDmPaginationSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    per_page = serializers.IntegerField()
    total = serializers.IntegerField(help_text="The number of objects that the caller may see")
    last_page = serializers.IntegerField()
    next = serializers.CharField(
        allow_null=True, help_text="The cursor of the next page, to send as `after`; null on the last page"
    )


class McDmSuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()


def document_views(*, example: dict[str, Any], filters: tuple[OpenApiParameter, ...] = ()) -> Any:
    """Return the decorator that documents a view set, whose attributes say what its responses contain.

    Args:
        filters: The parameters of the list beside those for pages and order.
    """
    return partial(_document_view, example=example, filters=filters)


def _document_view(view: Any, *, example: dict[str, Any], filters: tuple[OpenApiParameter, ...]) -> Any:
    item, items, order = view.item_key, view.list_key, view.ordering
    normal, full = view.serializer_class, view.full_serializer_class
    name = normal.__name__.removesuffix("Serializer")
    either = PolymorphicProxySerializer(
        component_name=f"{name}Either", serializers=[full, normal], resource_type_field_name=None
    )
    many = PolymorphicProxySerializer(
        component_name=f"{name}Either", serializers=[full, normal], resource_type_field_name=None, many=True
    )
    item_response = OpenApiResponse(
        inline_serializer(f"{name}Item", {item: either}),
        examples=[OpenApiExample(item.capitalize(), value={item: example}, response_only=True)],
    )
    list_response = inline_serializer(f"{name}List", {items: many, "pagination": McDmPaginationSerializer()})
    extend_schema_serializer(many=False)(type(list_response))
    ordering = OpenApiParameter("order", str, enum=list(order), description=f"The default is `{next(iter(order))}`.")
    about = partial(extend_schema, tags=[items])
    write_schema = partial(about, description=UNITS, responses={200: item_response}, parameters=[WITH])
    steps = [step.__name__ for step in view.get_extra_actions()]
    actions = {step: write_schema(summary=f"{step.capitalize()} a {item}") for step in steps}
    if "download" in actions:
        actions["download"] = about(summary="Download a file", description=FILE_DESCRIPTION, responses=FILE_RESPONSES)
    document = extend_schema_view(
        list=about(
            summary=f"List {items}",
            description="The list and its total contain only what the caller may see.",
            parameters=[*filters, ordering, *PAGING],
            responses=list_response,
        ),
        retrieve=write_schema(summary=f"Get a {item}"),
        create=write_schema(summary=f"Create a {item}"),
        update=write_schema(summary=f"Change a {item}; fields left out stay as they are"),
        destroy=about(
            summary=f"Delete a {item}",
            description="A soft deletion hides the object; `hard=1` deletes it permanently.",
            request=None,
            parameters=[HARD, REASON],
            responses={200: McDmSuccessSerializer},
        ),
        **actions,
    )
    return document(view)
