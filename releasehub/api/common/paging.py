"""Windows of rows, for lists of any depth."""

from __future__ import annotations

from typing import Any

from django.db import models

JOIN_FROM = 200


def window(queryset: models.QuerySet[Any], start: int, length: int) -> models.QuerySet[Any]:
    """Rows from `start`. Far in, the rows to skip are skipped in the index alone before the wanted ones are joined."""
    end = start + length
    if start < JOIN_FROM:
        return queryset[start:end]
    keys = queryset.values("pk")[start:end]
    return queryset.filter(pk__in=keys)
