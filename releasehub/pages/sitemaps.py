"""The sitemap for search engines: the pages of categories and downloads that everyone may see."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from downloads.models import Category, Download
from releasehub.core.actor import Actor


class DownloadSitemap(Sitemap):  # type: ignore[type-arg]
    limit = 10_000

    def items(self) -> QuerySet[Download]:
        fields = ("slug", "last_update_at")
        rows: QuerySet[Download] = Download.objects.visible_to(Actor()).only(*fields).order_by("pk")
        return rows

    def location(self, item: Download) -> str:
        return item.path

    def lastmod(self, item: Download) -> datetime:
        return item.last_update_at


class CategorySitemap(Sitemap):  # type: ignore[type-arg]
    def items(self) -> QuerySet[Category]:
        rows: QuerySet[Category] = Category.objects.visible_to(Actor()).order_by("pk")
        return rows

    def location(self, item: Category) -> str:
        return reverse("pages:category", kwargs={"slug": item.slug})


SITEMAPS = {"categories": CategorySitemap, "downloads": DownloadSitemap}
