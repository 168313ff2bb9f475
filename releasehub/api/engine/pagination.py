"""Pages of the engine dialect: bare arrays, with the neighboring pages in the header `Link`."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

PAGE_SIZE = 50


class EnginePagination(BasePagination):
    """A page without a total: one row more than the page tells whether there is a next page."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.base_url = request, view.base_url
        self.page: int = view.list_query["page"]
        start = (self.page - 1) * PAGE_SIZE
        rows = list(queryset[start : start + PAGE_SIZE + 1])
        self.has_more = len(rows) > PAGE_SIZE
        return rows[:PAGE_SIZE]

    def get_paginated_response(self, data: Any) -> Response:
        links = [("prev", self.page - 1, self.page > 1), ("next", self.page + 1, self.has_more)]
        parts = [self.get_link(relation, page) for relation, page, exists in links if exists]
        return Response(data, headers={"Link": ", ".join(parts)} if parts else {})

    def get_link(self, relation: str, page: int) -> str:
        """Return the link to another page.  Source: RFC 8288."""
        query = self.request.query_params.copy()
        query["page"] = str(page)
        return f'<{self.base_url}{self.request.path}?{query.urlencode()}>; rel="{relation}"'
