"""Hundreds of IDs as one parameter of a query: a parameter for each takes longer to send than the rows take to read."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models.expressions import RawSQL

POSTGRESQL_IDS = "SELECT unnest(%s::bigint[])"
SQLITE_IDS = "SELECT value FROM json_each(%s)"


def as_subquery(ids: Iterable[int]) -> RawSQL:
    """Return the IDs in a form for the lookup `in`."""
    if connection.vendor == "postgresql":
        return RawSQL(POSTGRESQL_IDS, [list(ids)])  # noqa: S611 - a constant
    return RawSQL(SQLITE_IDS, [json.dumps(list(ids))])  # noqa: S611 - a constant
