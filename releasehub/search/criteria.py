"""The text, the filters and the order of a list of downloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from downloads.category_tree import CategoryTree
from downloads.models import Category, Download
from downloads.models.download import RATING
from downloads.querysets import DownloadQuerySet
from releasehub.accounts.models import Organization, User
from releasehub.core.actor import Actor
from releasehub.search.facets import downloads_with
from releasehub.search.words import is_prefix, query_words


class Sort(models.TextChoices):
    """The orders of a list. A list without a text has no relevance."""

    RELEVANCE = "relevance", _("Best match")
    UPDATED = "updated", _("Last update")
    DOWNLOADS = "downloads", _("Most downloaded")
    RATING = "rating", _("Best rated")
    TITLE = "title", _("Title")


class Age(models.IntegerChoices):
    """The longest time since the last update, in days."""

    WEEK = 7, _("In the last week")
    MONTH = 30, _("In the last month")
    YEAR = 365, _("In the last year")


ORDERS: dict[str, tuple[Any, ...]] = {
    Sort.UPDATED: ("-last_update_at", "-id"),
    Sort.DOWNLOADS: ("-download_count", "-id"),
    Sort.RATING: (RATING.desc(), "-id"),
    Sort.TITLE: ("title", "id"),
}


@dataclass(frozen=True)
class Criteria:
    """The selection of downloads that a visitor requested.

    Attributes:
        text: The words to search for; empty for a list of all downloads.
        category: Only downloads in this category and the categories below it.
        facets: Values by the kind of their facet, in the form of `fold_value`.
        updated: The maximum age in days.
        sort: The order. Empty means relevance if there is a text, otherwise the last update.
    """

    text: str = ""
    category: Category | None = None
    facets: Mapping[str, str] = field(default_factory=dict)
    updated: int | None = None
    owner: User | None = None
    organization: Organization | None = None
    sort: str = ""

    @property
    def is_single_letter(self) -> bool:
        """Return whether the text is one letter, which finds only words of one letter."""
        words = query_words(self.text)
        return len(words) == 1 and not is_prefix(words[0])

    @property
    def order(self) -> str:
        """The order that applies: relevance needs a text."""
        if self.sort and (self.text or self.sort != Sort.RELEVANCE):
            return self.sort
        return Sort.RELEVANCE if self.text else Sort.UPDATED

    @property
    def has_filters(self) -> bool:
        """Return whether the visitor can widen the search by removing filters."""
        return bool(self.category or self.facets or self.updated)

    def without_filters(self) -> Criteria:
        return replace(self, category=None, facets={}, updated=None)

    def rows(self, actor: Actor, tree: CategoryTree) -> DownloadQuerySet:
        """Return the visible downloads that the filters let through, whatever the text is."""
        rows: DownloadQuerySet = Download.objects.visible_to(actor)
        if self.category is not None:
            rows = rows.filter(category__in=tree.branch(self.category))
        if self.owner is not None:
            rows = rows.filter(owner=self.owner)
        if self.organization is not None:
            rows = rows.filter(organization=self.organization)
        if self.updated:
            rows = rows.filter(last_update_at__gte=timezone.now() - timedelta(days=self.updated))
        for kind, value in self.facets.items():
            rows = rows.filter(pk__in=downloads_with(kind, value))
        return rows
