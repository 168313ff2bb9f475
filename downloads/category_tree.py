"""The categories that an actor may see, as a tree in memory."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from downloads.models import Category
from releasehub.core.actor import Actor


class CategoryTree:
    """All visible categories, loaded with one query. Their number is small, and most pages need many of them."""

    def __init__(self, actor: Actor, rows: Any = None) -> None:
        visible = (Category.objects.all() if rows is None else rows).visible_to(actor)
        self.by_id: dict[int, Any] = {row.pk: row for row in visible.order_by("display_order", "title")}

    def find(self, slug: str) -> Category | None:
        return next((row for row in self.by_id.values() if row.slug == slug), None)

    def children(self, parent: Category | None = None) -> list[Category]:
        """Return the categories directly below `parent`, or the topmost ones."""
        parent_id = parent.pk if parent else None
        return [row for row in self.by_id.values() if row.parent_id == parent_id]

    def trail(self, category: Category) -> list[Category]:
        """Return the path from the root of the tree to the category."""
        above = self.by_id.get(category.parent_id or 0)
        return [*(self.trail(above) if above else ()), category]

    def branch(self, category: Category) -> set[int]:
        """Return the IDs of the category and of all categories below it."""
        return {pk for pk, row in self.by_id.items() if category in self.trail(row)}

    def totals(self, counts: Mapping[int, int]) -> Counter[int]:
        """Return the sum of the counts of each category and all categories below it, by ID."""
        totals: Counter[int] = Counter()
        for pk, count in counts.items():
            if pk in self.by_id:
                for row in self.trail(self.by_id[pk]):
                    totals[row.pk] += count
        return totals
