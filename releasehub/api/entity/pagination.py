"""Pages by `page` and `pageSize`, which are clamped instead of rejected."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from rest_framework.request import Request

from releasehub.api.common.paging import MAX_PAGE, clamp

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


@dataclass(frozen=True)
class Page:
    """The rows of a page, and its place in the whole list."""

    rows: list[Any]
    number: int
    size: int
    total: int

    def body(self, name: str, items: Any) -> dict[str, Any]:
        """Return the response body: the list under its name, with the fields of the page."""
        return {name: items, "page": self.number, "pageSize": self.size, "total": self.total}


def paginate(
    rows: models.QuerySet[Any],
    request: Request,
    *,
    total: int | None = None,
    default: int = DEFAULT_PAGE_SIZE,
    maximum: int = MAX_PAGE_SIZE,
) -> Page:
    """Return the page that the query string names. The rows are counted unless `total` is stored somewhere."""
    number = clamp(request.query_params.get("page"), default=1, maximum=MAX_PAGE)
    size = clamp(request.query_params.get("pageSize"), default=default, maximum=maximum)
    total = rows.order_by().count() if total is None else total
    start = (number - 1) * size
    return Page(list(rows[start : start + size]) if start < total else [], number, size, total)
