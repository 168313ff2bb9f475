"""Pages by `page` and `limit`, or by the cursor `after`.

The body is a bare array; the totals and the cursor of the next page are in headers.
"""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common import cursors
from releasehub.api.common.paging import MAX_PAGE, window
from releasehub.core.pagination import MAX_COUNTED_ROWS, count_bounded

DEFAULT_LIMIT = 25
MAX_LIMIT = 100


class V3Pagination(BasePagination):
    """A page as a bare array. The view may know the total without counting: `get_stored_total`.

    Otherwise, at most 10,000 rows are counted, and the pages after them can still be read.

    A limit out of range is rejected: a client that received fewer rows than it requested would take the page for the
    last one and stop.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.page = read_parameter(request, "page", default=1, maximum=MAX_PAGE)
        self.limit = read_parameter(request, "limit", default=DEFAULT_LIMIT, maximum=MAX_LIMIT)
        stored_total = view.get_stored_total(queryset)
        self.total: int = count_bounded(queryset) if stored_total is None else stored_total
        has_more = stored_total is None and self.total == MAX_COUNTED_ROWS
        order = cursors.Order.of(queryset)
        rows: list[Any] = []
        # One row more than the page holds shows whether there is a next page.
        if cursor := request.query_params.get(cursors.PARAMETER):
            rest, self.page = order.resume(queryset, cursor)
            rows = list(rest[: self.limit + 1])
        elif (start := (self.page - 1) * self.limit) < self.total or has_more:
            rows = list(window(queryset, start, self.limit + 1))
        has_next = len(rows) > self.limit
        rows = rows[: self.limit]
        self.next = order.cursor(rows[-1], self.page + 1) if has_next else ""
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        totals = {"Count": self.total, "Page": self.page, "Limit": self.limit}
        headers = {f"Pagination-{name}": str(value) for name, value in totals.items()}
        return Response(data, headers=headers | ({"Pagination-Next": self.next} if self.next else {}))


def read_parameter(request: Request, name: str, *, default: int, maximum: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 1 <= number <= maximum:
        raise ValidationError({name: [f"{name} must be a number from 1 to {maximum}."]})
    return number
