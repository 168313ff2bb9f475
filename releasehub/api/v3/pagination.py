"""`page` and `limit`; the body is a bare array, the totals are headers."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.paging import window

LIMIT = 25
MOST = 100
LAST_PAGE = 2**31


class V3Pagination(BasePagination):
    """The view may know the total without counting: `view.get_stored_total(queryset)`.

    A limit out of range is refused: a client that got fewer rows than it asked for would stop asking.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.page = _number(request, "page", 1, LAST_PAGE)
        self.limit = _number(request, "limit", LIMIT, MOST)
        known = view.get_stored_total(queryset)
        self.total: int = queryset.order_by().count() if known is None else known
        start = (self.page - 1) * self.limit
        return [] if start >= self.total else list(window(queryset, start, self.limit))

    def get_paginated_response(self, data: Any) -> Response:
        totals = {"Count": self.total, "Page": self.page, "Limit": self.limit}
        return Response(data, headers={f"Pagination-{name}": str(value) for name, value in totals.items()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else default if not text else 0
    if not 1 <= number <= most:
        raise ValidationError({name: [f"{name} is a number from 1 to {most}."]})
    return number
