"""Pages of rows, for lists of any length."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.encoding import escape_uri_path
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

JOIN_FROM = 200
MAX_PAGE = 2**31
MAX_DIGITS = 20  # far more than MAX_PAGE has


class LinkHeaderPagination(BasePagination):
    """Pages as bare arrays, with the neighboring pages in the header `Link` (RFC 8288)."""

    request: Request
    base_url: str
    page: int

    def get_links(self) -> Iterable[tuple[str, int, bool]]:
        """Return the relation and number of each other page, and whether there is one."""
        raise NotImplementedError

    def get_paginated_response(self, data: Any) -> Response:
        parts = [self._link(relation, page) for relation, page, exists in self.get_links() if exists]
        return Response(data, headers={"Link": ", ".join(parts)} if parts else {})

    def _link(self, relation: str, page: int) -> str:
        query = self.request.query_params.copy()
        query["page"] = str(page)
        return f'<{self.base_url}{escape_uri_path(self.request.path)}?{query.urlencode()}>; rel="{relation}"'


def window(queryset: models.QuerySet[Any], start: int, length: int) -> models.QuerySet[Any]:
    """Return `length` rows from `start` on.

    Far into a list, a subquery selects only the primary keys: the database then skips rows in the index, and joins the
    other tables for the rows of the page alone.
    """
    end = start + length
    if start < JOIN_FROM:
        return queryset[start:end]
    keys = queryset.values("pk")[start:end]
    return queryset.filter(pk__in=keys)


def clamp(text: str | None, *, default: int, maximum: int) -> int:
    """Return a number from 1 to `maximum`: the default for a text that is not a number, and else the nearest one."""
    try:
        number = int(text[:MAX_DIGITS]) if text is not None and text.isascii() else default
    except ValueError:
        return default
    return min(max(number, 1), maximum)
