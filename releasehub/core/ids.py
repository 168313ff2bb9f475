"""Hundreds of IDs as one parameter of a query: a parameter for each takes longer to send than the rows take to read."""

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models.expressions import RawSQL

POSTGRESQL_IDS = "SELECT unnest(%s::bigint[])"
SQLITE_IDS = "SELECT value FROM json_each(%s)"


def as_parameter(ids: Iterable[int]) -> str:
    """Return the IDs as the text that the subquery of this database takes, which is faster than a list of numbers."""
    return f"{{{','.join(map(str, ids))}}}" if connection.vendor == "postgresql" else json.dumps(list(ids))


def subquery_of(parameter: str) -> RawSQL:
    """Return the IDs of a parameter in a form for the lookup `in`."""
    return RawSQL(POSTGRESQL_IDS if connection.vendor == "postgresql" else SQLITE_IDS, [parameter])  # noqa: S611 - constants


def as_subquery(ids: Iterable[int]) -> RawSQL:
    """Return the IDs in a form for the lookup `in`."""
    return subquery_of(as_parameter(ids))
