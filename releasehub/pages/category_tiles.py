"""The categories below another one, each with the number of downloads in it and in its subcategories."""

from __future__ import annotations

from collections import Counter

from downloads.models import Category
from downloads.querysets import DownloadQuerySet
from releasehub.core.actor import Actor


def category_tiles(actor: Actor, downloads: DownloadQuerySet, parent: Category | None = None) -> list[Category]:
    """Return the visible categories below `parent`, or the topmost ones, with the attribute `total`.

    One query reads all categories. Their number is small, and a sum over a subtree needs most of them anyway.
    """
    rows = Category.objects.visible_to(actor).with_download_count(downloads).order_by("display_order", "title")
    categories = {category.pk: category for category in rows}
    totals: Counter[int] = Counter()
    for category in categories.values():
        above: Category | None = category
        while above is not None:
            totals[above.pk] += category.visible_download_count
            above = categories.get(above.parent_id)
    shown = [category for category in categories.values() if category.parent_id == (parent.pk if parent else None)]
    for category in shown:
        category.total = totals[category.pk]
    return shown
