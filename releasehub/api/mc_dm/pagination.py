"""`page` and `per_page`, clamped instead of refused, and the contract's pagination block."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.paging import window

PER_PAGE = 20
MOST_PER_PAGE = 100
LAST_PAGE_NUMBER = 2**31


class McDmPagination(BasePagination):
    """The view may know the total without counting: `view.known_total(queryset)`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        known = view.known_total(queryset)
        start = self.begin(request, view, queryset.order_by().count() if known is None else known)
        return [] if start >= self.total else list(window(queryset, start, self.per_page))

    def begin(self, request: Request, view: Any, total: int) -> int:
        """Returns where the page starts."""
        self.page = _clamped(request.query_params.get("page"), 1, LAST_PAGE_NUMBER)
        self.per_page = _clamped(request.query_params.get("per_page"), PER_PAGE, MOST_PER_PAGE)
        self.total = total
        self.list_key = view.list_key
        return (self.page - 1) * self.per_page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({self.list_key: data, "pagination": self.block()})

    def block(self) -> dict[str, int]:
        last = max(1, -(-self.total // self.per_page))
        return {"page": self.page, "per_page": self.per_page, "total": self.total, "last_page": last}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema


def _clamped(text: str | None, default: int, most: int) -> int:
    """What is no number is the default; what is out of range is the nearest that is in it."""
    try:
        number = int(text) if text is not None and text.isascii() and len(text) < 20 else default
    except ValueError:
        return default
    return min(max(number, 1), most)
