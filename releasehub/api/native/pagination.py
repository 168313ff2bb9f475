"""Cursor pagination: a page contains the URLs of the next and the previous one."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class NewestFirst(CursorPagination):
    """Pages with the newest rows first, under the view's `list_key`. `limit` is 1 to 100, and 20 by default."""

    ordering = "-id"
    page_size = 20
    max_page_size = 100
    page_size_query_param = "limit"
    list_key = "items"

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        self.list_key = view.list_key
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({self.list_key: data, "next": self.get_next_link(), "previous": self.get_previous_link()})
