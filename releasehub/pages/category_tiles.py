"""The tree of the visible categories, each with the number of downloads in it and in its subcategories."""

from django.db.models import Count

from downloads.category_tree import CategoryTree
from downloads.models import Category
from downloads.querysets import DownloadQuerySet
from releasehub.core.actor import Actor
from releasehub.search.index import quick_planning


class CountedTree(CategoryTree):
    """The visible categories, loaded with two queries. Each has the attribute `total`: the downloads in its branch.

    Attributes:
        download_total: The number of all downloads, for the pages of a list of them.
    """

    def __init__(self, actor: Actor, downloads: DownloadQuerySet) -> None:
        super().__init__(actor)
        rows = downloads.order_by().values_list("category").annotate(total=Count("*"))
        with quick_planning(actor):
            counts = dict(rows)
        self.download_total = sum(counts.values())
        totals = self.totals(counts)
        for pk, row in self.by_id.items():
            row.total = totals[pk]

    def filled(self) -> list[Category]:
        """Return the topmost categories that have downloads, or all of them if none has."""
        topmost = self.children()
        return [row for row in topmost if row.total] or topmost  # type: ignore[attr-defined]
