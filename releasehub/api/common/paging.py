"""Pages of rows, for lists of any length."""

from __future__ import annotations

from typing import Any

from django.db import models

JOIN_FROM = 200
MAX_PAGE = 2**31


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
        number = int(text) if text is not None and text.isascii() and len(text) < 20 else default
    except ValueError:
        return default
    return min(max(number, 1), maximum)
