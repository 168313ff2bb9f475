"""What the OpenAPI schema says of the v3 dialect beyond the fields of its serializers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from releasehub.api.v3.filters import MomentFilter, TruthFilter, V3FilterSet
from releasehub.api.v3.pagination import LIMIT, MOST

about = partial(extend_schema, tags=["v3"])
NOTHING = OpenApiResponse(description="Done.")
TOTALS = tuple(
    OpenApiParameter(f"Pagination-{name}", int, OpenApiParameter.HEADER, response=[200], description=text)
    for name, text in (("Count", "Rows the caller may see"), ("Page", "This page"), ("Limit", "Rows in a page"))
)
BYTES = "As an attachment; digests are in `Repr-Digest` and `X-Checksum-SHA256`, ranges are understood."
BYTE_ANSWERS = {
    (200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The bytes."),
    (206, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The range asked for."),
    302: OpenApiResponse(description="To a short-lived link, or to the external one."),
    304: OpenApiResponse(description="Not modified."),
    416: OpenApiResponse(description="No byte lies in the range."),
}


def listed(
    serializer: Any, filters: type[V3FilterSet] | None, ordering: Mapping[str, str], *more: OpenApiParameter, **say: Any
) -> Any:
    """The decorator of a list: its filters, `page`, `limit`, `sort` and the headers with the totals."""
    found = filters.base_filters.items() if filters else ()
    return about(
        parameters=[*more, *(_parameter(name, item) for name, item in found), *_paging(ordering), *TOTALS],
        responses={200: serializer(many=True)},
        filters=False,
        **say,
    )


def _paging(ordering: Mapping[str, str]) -> tuple[OpenApiParameter, ...]:
    said = f"`+field` or `-field`, several with commas: {', '.join(ordering)}."
    return (
        OpenApiParameter("page", int, description="From 1; past the end the list is empty."),
        OpenApiParameter("limit", int, description=f"1 to {MOST}, {LIMIT} unless told otherwise."),
        OpenApiParameter("sort", str, description=said),
    )


def _parameter(name: str, item: Any) -> OpenApiParameter:
    if isinstance(item, MomentFilter):
        return OpenApiParameter(name, OpenApiTypes.DATETIME)
    if isinstance(item, TruthFilter):
        return OpenApiParameter(name, str, enum=["true", "false"])
    return OpenApiParameter(name, str, description=item.extra.get("help_text", ""))
