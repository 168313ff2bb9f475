"""The parts of the OpenAPI schema of the v3 dialect that do not follow from its serializers."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from releasehub.api.common.schema import HubSchema
from releasehub.api.v3.filters import MomentFilter, TruthFilter
from releasehub.api.v3.pagination import DEFAULT_LIMIT, MAX_LIMIT

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


class V3Schema(HubSchema):
    """The schema of an operation. The parameters of a list follow from the filter set and the order of its view set."""

    def get_tags(self) -> list[str]:
        return ["v3"]

    def get_response_serializers(self) -> Any:
        view: Any = self.view
        return {204: DELETED} if view.action == "destroy" else super().get_response_serializers()

    def get_override_parameters(self) -> list[Any]:
        view: Any = self.view
        if view.action != "list":
            return super().get_override_parameters()
        filters = view.filterset_class.base_filters if view.filterset_class else {}
        return [*(_parameter(name, item) for name, item in filters.items()), *_paging(view.ordering), *TOTALS]


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
