"""`page` and `pageSize`, clamped instead of refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from rest_framework.request import Request

PAGE_SIZE = 20
MOST = 100
LAST_PAGE = 2**31


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    number: int
    size: int
    total: int

    def body(self, name: str, items: Any) -> dict[str, Any]:
        """The list under its name, and where in the whole it stands."""
        return {name: items, "page": self.number, "pageSize": self.size, "total": self.total}


def page_of(
    rows: models.QuerySet[Any],
    request: Request,
    *,
    total: int | None = None,
    default: int = PAGE_SIZE,
    most: int = MOST,
) -> Page:
    """`total`: the length where it is stored; else the visible rows are counted."""
    number = _clamped(request.query_params.get("page"), 1, LAST_PAGE)
    size = _clamped(request.query_params.get("pageSize"), default, most)
    total = rows.order_by().count() if total is None else total
    start = (number - 1) * size
    return Page(list(rows[start : start + size]) if start < total else [], number, size, total)


def _clamped(text: str | None, default: int, most: int) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 20):
        return default
    return min(max(int(text), 1), most)
