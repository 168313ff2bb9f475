"""Pages of rows, for lists of any length."""

from __future__ import annotations

from typing import Any

from django.db import models

JOIN_FROM = 200


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
