"""The parts of the OpenAPI schema of the v3 dialect that do not follow from its serializers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from releasehub.api.v3.filters import MomentFilter, TruthFilter, V3FilterSet
from releasehub.api.v3.pagination import DEFAULT_LIMIT, MAX_LIMIT

operation = partial(extend_schema, tags=["v3"])
DELETED = OpenApiResponse(description="It was deleted.")
TOTALS = tuple(
    OpenApiParameter(f"Pagination-{name}", kind, OpenApiParameter.HEADER, response=[200], description=text)
    for name, kind, text in (
        ("Count", int, "The number of objects that the caller may see"),
        ("Page", int, "The number of this page"),
        ("Limit", int, "The number of objects on a page"),
        ("Next", str, "The cursor of the next page, to send as `after`; not sent with the last page"),
    )
)


def list_operation(
    filters: type[V3FilterSet] | None,
    ordering: Mapping[str, str],
    *more: OpenApiParameter,
    **options: Any,
) -> Any:
    """Return the decorator that documents a list: its filters, `page`, `limit`, `sort`, and the headers of totals."""
    fields = filters.base_filters.items() if filters else ()
    return operation(
        parameters=[*more, *(_parameter(name, item) for name, item in fields), *_paging(ordering), *TOTALS],
        filters=False,
        **options,
    )


def _paging(ordering: Mapping[str, str]) -> tuple[OpenApiParameter, ...]:
    sort = f"`+field` or `-field`, or several of them separated by commas. The fields are {', '.join(ordering)}."
    return (
        OpenApiParameter("page", int, description="Starts at 1. The list is empty beyond the last page."),
        OpenApiParameter("after", str, description="The `Pagination-Next` of the page before; `page` is then ignored."),
        OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}; {DEFAULT_LIMIT} by default."),
        OpenApiParameter("sort", str, description=sort),
    )


def _parameter(name: str, item: Any) -> OpenApiParameter:
    if isinstance(item, MomentFilter):
        return OpenApiParameter(name, OpenApiTypes.DATETIME)
    if isinstance(item, TruthFilter):
        return OpenApiParameter(name, str, enum=["true", "false"])
    return OpenApiParameter(name, str, description=item.extra.get("help_text", ""))
