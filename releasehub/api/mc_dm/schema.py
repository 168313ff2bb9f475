"""What the OpenAPI schema says of the mc-dm dialect beyond the fields of its serializers."""

from __future__ import annotations

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

from releasehub.api.mc_dm.serializers import McDmYankSerializer

WITH = OpenApiParameter("with", str, enum=["default", "full"], description="`full` adds the verbose fields.")
PAGING = (
    OpenApiParameter("page", int, description="From 1; what is out of range is clamped."),
    OpenApiParameter("per_page", int, description="20, at most 100; what is out of range is clamped."),
    OpenApiParameter("direction", str, enum=["asc", "desc"], description="`desc` unless told otherwise."),
    WITH,
)
DELETED = OpenApiParameter("deleted", int, enum=[0, 1], description="1: what is deleted and you may restore.")
SINCE = OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601; strictly newer.")
HARD = OpenApiParameter("hard", int, enum=[0, 1], description="1: erase; needs the scope for it as well.")
REASON = OpenApiParameter("reason", str, description="Kept in the audit log.")
UNITS = "Timestamps are Unix seconds, sizes are bytes."
BYTES = "As an attachment; digests are in `Repr-Digest` and `X-Checksum-SHA256`, ranges are understood."
BYTE_ANSWERS = {
    (200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The bytes."),
    (206, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The range asked for."),
    302: OpenApiResponse(description="To a short-lived link, or to the external one."),
    304: OpenApiResponse(description="Not modified."),
    416: OpenApiResponse(description="No byte lies in the range."),
}


class McDmPaginationSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    per_page = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Rows the caller may see")
    last_page = serializers.IntegerField()


class McDmSuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()


def documented(
    *,
    item: str,
    items: str,
    normal: type[serializers.Serializer[Any]],
    full: type[serializers.Serializer[Any]],
    create: type[serializers.Serializer[Any]],
    update: type[serializers.Serializer[Any]],
    order: dict[str, str],
    filters: tuple[OpenApiParameter, ...] = (),
    example: dict[str, Any],
    steps: tuple[str, ...] = (),
) -> Any:
    """The decorator of a view set: its envelopes, parameters, bodies and an example."""
    name = normal.__name__.removesuffix("Serializer")
    either = PolymorphicProxySerializer(
        component_name=f"{name}Either", serializers=[full, normal], resource_type_field_name=None
    )
    many = PolymorphicProxySerializer(
        component_name=f"{name}Either", serializers=[full, normal], resource_type_field_name=None, many=True
    )
    one = OpenApiResponse(
        inline_serializer(f"{name}Item", {item: either}),
        examples=[OpenApiExample(item.capitalize(), value={item: example}, response_only=True)],
    )
    listed = inline_serializer(f"{name}List", {items: many, "pagination": McDmPaginationSerializer()})
    extend_schema_serializer(many=False)(type(listed))
    ordering = OpenApiParameter("order", str, enum=list(order), description="The first unless told otherwise.")
    about = partial(extend_schema, tags=[items])
    written = partial(about, description=UNITS, responses={200: one}, parameters=[WITH])
    actions = {step: written(summary=f"{step.capitalize()} a {item}", request=None) for step in steps}
    if "yank" in actions:
        actions["yank"] = written(summary=f"Yank a {item}", request=McDmYankSerializer)
    if "download" in actions:
        actions["download"] = about(
            summary="Download the bytes", description=BYTES, request=None, responses=BYTE_ANSWERS
        )
    return extend_schema_view(
        list=about(
            summary=f"List {items}",
            description="Only what the caller may see, in the total as well.",
            parameters=[*filters, ordering, *PAGING],
            responses=listed,
            filters=False,
        ),
        retrieve=written(summary=f"Get a {item}"),
        create=written(summary=f"Create a {item}", request=create),
        update=written(summary=f"Change a {item}: what is left out stays", request=update),
        destroy=about(
            summary=f"Delete a {item}",
            description="Hides it (soft) or, with `hard=1`, erases it for ever.",
            request=None,
            parameters=[HARD, REASON],
            responses={200: McDmSuccessSerializer},
        ),
        **actions,
    )
