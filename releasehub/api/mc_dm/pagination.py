"""Pages by `page` and `per_page`, which are clamped instead of rejected, or by the cursor `after`.

The pagination block is that of the contract, with the cursor of the next page as `next`.
"""

from collections.abc import Sequence
from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common import cursors
from releasehub.api.common.paging import MAX_PAGE, clamp, window

DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 100


class McDmPagination(BasePagination):
    """A page under the view's `list_key`. The view may know the total without counting: `get_stored_total`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        stored_total = view.get_stored_total(queryset)
        start = self.begin(request, view, queryset.order_by().count() if stored_total is None else stored_total)
        self.order = cursors.Order.of(queryset)
        if cursor := request.query_params.get(cursors.PARAMETER):
            rest, self.page = self.order.resume(queryset, cursor)
            return self.keep(list(rest[: self.per_page + 1]))
        return self.keep([] if start >= self.total else list(window(queryset, start, self.per_page + 1)))

    def keep(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows of the page. One row more than that shows that there is a next page, and is left out."""
        page = list(rows[: self.per_page])
        self.next = self.order.cursor(page[-1], self.page + 1) if len(rows) > self.per_page else None
        return page

    def begin(self, request: Request, view: Any, total: int) -> int:
        """Read the parameters of the page, and return the index of its first row."""
        self.page = clamp(request.query_params.get("page"), default=1, maximum=MAX_PAGE)
        self.per_page = clamp(request.query_params.get("per_page"), default=DEFAULT_PER_PAGE, maximum=MAX_PER_PAGE)
        self.total = total
        self.list_key = view.list_key
        return (self.page - 1) * self.per_page

    def begin_after(self, request: Request, view: Any, order: cursors.Order) -> tuple[Any, bool]:
        """Read the parameters of a page whose total is not known yet.

        Return the values of the cursor, if there is one, and whether this is the first page.
        """
        self.order = order
        is_first = self.begin(request, view, 0) == 0
        cursor = request.query_params.get(cursors.PARAMETER)
        if not cursor:
            return None, is_first
        values, self.page = order.read(cursor)
        return values, False

    def get_paginated_response(self, data: Any) -> Response:
        return Response({self.list_key: data, "pagination": self.get_block()})

    def get_block(self) -> dict[str, int | str | None]:
        last = max(1, -(-self.total // self.per_page))
        return {
            "page": self.page,
            "per_page": self.per_page,
            "total": self.total,
            "last_page": last,
            "next": self.next,
        }
