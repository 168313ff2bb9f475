"""Pages of the engine dialect: bare arrays, with the neighboring pages in the header `Link`."""

from typing import Any

from rest_framework.request import Request

from releasehub.api.common.paging import LinkHeaderPagination

PAGE_SIZE = 50


class EnginePagination(LinkHeaderPagination):
    """A page without a total: one row more than the page tells whether there is a next page."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.base_url = request, view.base_url
        self.page = view.list_query["page"]
        start = (self.page - 1) * PAGE_SIZE
        rows = list(queryset[start : start + PAGE_SIZE + 1])
        self.has_more = len(rows) > PAGE_SIZE
        return rows[:PAGE_SIZE]

    def get_links(self) -> list[tuple[str, int, bool]]:
        return [("prev", self.page - 1, self.page > 1), ("next", self.page + 1, self.has_more)]
