"""Cursors: an opaque text that says after which row the next page of a list begins.

A page by number shifts when rows are added or removed meanwhile, so that a client which walks through a list sees a row
twice or misses one. A cursor holds the values that the list is ordered by, and the next page begins after them.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, reduce
from operator import attrgetter
from typing import Any, Self

from django.core import signing
from django.db import models
from django.db.models import Q
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ValidationError

PARAMETER = "after"
SALT = "releasehub.api.list_cursor"
MAX_CURSOR_CHARACTERS = 4000
NO_ROW = Q(pk__in=[])
INVALID = (
    "The cursor is invalid, or belongs to a list in another order. Send the last cursor that this list returned, or "
    "leave it out to start with the first page."
)


@dataclass(frozen=True)
class Term:
    """One criterion of an order. Rows without a value come last, in both directions."""

    field: str
    is_descending: bool
    is_nullable: bool

    @classmethod
    def of(cls, model: type[models.Model], criterion: str | OrderBy) -> Self:
        if isinstance(criterion, OrderBy):
            expression: Any = criterion.expression  # always an F: lists are ordered by fields
            name, is_descending = expression.name, criterion.descending
        else:
            name, is_descending = criterion.removeprefix("-"), criterion.startswith("-")
        # Any other name is an annotation or a field of a related table, and its value may be null.
        required = {field.name for field in model._meta.concrete_fields if not field.null}
        return cls(name, is_descending, is_nullable=name not in required)

    def value_of(self, row: models.Model) -> Any:
        return attrgetter(self.field.replace("__", "."))(row)

    def beyond(self, value: Any) -> Q:
        """Return the condition for rows whose value comes later than this one."""
        if value is None:
            return NO_ROW
        condition = Q(**{f"{self.field}__{'lt' if self.is_descending else 'gt'}": value})
        return condition | Q(**{f"{self.field}__isnull": True}) if self.is_nullable else condition

    def not_before(self, value: Any) -> Q:
        """Return a condition that holds for all rows from this value on, in a form that uses an index."""
        if self.is_nullable:
            return Q()
        return Q(**{f"{self.field}__{'lte' if self.is_descending else 'gte'}": value})

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.field}__isnull": True}) if value is None else Q(**{self.field: value})


@dataclass(frozen=True)
class Order:
    """The order of a list, whose last criterion is unique."""

    terms: tuple[Term, ...]

    @classmethod
    def of(cls, queryset: models.QuerySet[Any]) -> Self:
        return cls.named(queryset.model, queryset.query.order_by or queryset.model._meta.ordering)

    @classmethod
    def named(cls, model: type[models.Model], criteria: Sequence[Any]) -> Self:
        return cls(tuple(Term.of(model, criterion) for criterion in criteria))

    def cursor(self, row: models.Model, page: int) -> str:
        """Return the cursor of the page `page`, which begins after the row.

        It is signed, so that values which come back always have the types that the database expects.
        """
        values = [_to_json(term.value_of(row)) for term in self.terms]
        return signer().sign_object({"order": self._name, "values": values, "page": page})

    def resume(self, queryset: models.QuerySet[Any], cursor: str) -> tuple[models.QuerySet[Any], int]:
        """Return the rows after the cursor, and the number of the page that begins there.

        Raises:
            ValidationError: The cursor is not one of this hub, or belongs to a list in another order.
        """
        values, page = self.read(cursor)
        later = reduce(
            lambda rest, pair: pair[0].beyond(pair[1]) | (pair[0].equal(pair[1]) & rest),
            reversed(list(zip(self.terms, values, strict=True))),
            NO_ROW,
        )
        # A database does not use an index for `a < 1 OR (a = 1 AND id < 2)` unless it knows `a <= 1` as well.
        return queryset.filter(self.terms[0].not_before(values[0]), later), page

    def read(self, cursor: str) -> tuple[list[Any], int]:
        """Return the values that the cursor holds, and the number of the page that begins after them."""
        content = self._read(cursor)
        return [_from_json(value) for value in content["values"]], int(content["page"])

    @property
    def _name(self) -> str:
        return ",".join(f"{'-' if term.is_descending else ''}{term.field}" for term in self.terms)

    def _read(self, cursor: str) -> dict[str, Any]:
        try:
            content = signer().unsign_object(cursor) if len(cursor) <= MAX_CURSOR_CHARACTERS else {}
        except signing.BadSignature as error:
            raise ValidationError({PARAMETER: [INVALID]}) from error
        if content.get("order") != self._name:
            raise ValidationError({PARAMETER: [INVALID]})
        return content


@cache
def signer() -> signing.Signer:
    """Return the signer of cursors, made once: it takes as long as signing, and every page has a cursor."""
    return signing.Signer(salt=SALT)


def _to_json(value: Any) -> Any:
    """Return a value that JSON can hold; times and bytes become objects with the name of their type."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["time"]) if "time" in value else base64.b64decode(value["bytes"])
