"""Pages of the engine dialect: bare arrays, with the neighboring pages in the header `Link`."""

from typing import Any

from rest_framework.request import Request

from releasehub.api.common.paging import LinkHeaderPagination

PAGE_SIZE = 50
DEFAULT_LIMIT = 10  # that of the original, for clients that send an offset


class EnginePagination(LinkHeaderPagination):
    """A page without a total: one row more than the page tells whether there is a next page."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.base_url = request, view.base_url
        self.page, self.offset = view.list_query["page"], view.list_query.get("offset")
        size = view.list_query.get("limit", PAGE_SIZE if self.offset is None else DEFAULT_LIMIT)
        start = (self.page - 1) * size if self.offset is None else self.offset
        rows = list(queryset[start : start + size + 1])
        self.has_more = len(rows) > size
        return rows[:size]

    def get_links(self) -> list[tuple[str, int, bool]]:
        if self.offset is not None:
            return []
        return [("prev", self.page - 1, self.page > 1), ("next", self.page + 1, self.has_more)]
