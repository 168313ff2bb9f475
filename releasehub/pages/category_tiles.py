"""The categories below another one, each with the number of downloads in it and in its subcategories."""

from __future__ import annotations

from downloads.category_tree import CategoryTree
from downloads.models import Category
from downloads.querysets import DownloadQuerySet
from releasehub.core.actor import Actor


def counted_tree(actor: Actor, downloads: DownloadQuerySet) -> CategoryTree:
    """Return the tree of the visible categories. Each has the attribute `total`: the downloads in its branch."""
    tree = CategoryTree(actor, Category.objects.with_download_count(downloads))
    totals = tree.totals({pk: row.visible_download_count for pk, row in tree.by_id.items()})
    for pk, row in tree.by_id.items():
        row.total = totals[pk]
    return tree


def category_tiles(actor: Actor, downloads: DownloadQuerySet, parent: Category | None = None) -> list[Category]:
    """Return the visible categories below `parent`, or the topmost ones, with the attribute `total`."""
    return counted_tree(actor, downloads).children(parent)
