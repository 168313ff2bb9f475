"""Pages by number over lists of any length."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MAX_COUNTED_ROWS = 10_000


def count_bounded(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:MAX_COUNTED_ROWS].count()


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts at most 10,000 rows, because counting millions of rows takes seconds.

    The list ends there, so views with longer lists offer filters, or set `count` to a stored total.
    """

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return count_bounded(rows) if isinstance(rows, QuerySet) and not rows.query.is_sliced else len(rows)

    @property
    def is_cut_off(self) -> bool:
        """Return whether the list probably ends before its last row."""
        return self.count == MAX_COUNTED_ROWS
