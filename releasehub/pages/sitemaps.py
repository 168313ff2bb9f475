"""The sitemap for search engines: the pages of downloads, and of their lists, that everyone may see."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from downloads.models import Category, Download
from releasehub.accounts.models import Organization, User
from releasehub.core.actor import Actor
from releasehub.pages.paths import author_path, organization_path, tag_path
from releasehub.search.models import Facet


class DownloadSitemap(Sitemap):  # type: ignore[type-arg]
    limit = 10_000

    def items(self) -> QuerySet[Download]:
        fields = ("slug", "last_update_at")
        return Download.objects.visible_to(Actor()).only(*fields).order_by("pk")

    def location(self, item: Download) -> str:
        return item.path

    def lastmod(self, item: Download) -> datetime:
        return item.last_update_at


class CategorySitemap(Sitemap):  # type: ignore[type-arg]
    def items(self) -> QuerySet[Category]:
        return Category.objects.visible_to(Actor()).order_by("pk")

    def location(self, item: Category) -> str:
        return reverse("pages:category", kwargs={"slug": item.slug})


class AuthorSitemap(Sitemap):  # type: ignore[type-arg]
    limit = 10_000

    def items(self) -> QuerySet[User]:
        public = Download.objects.visible_to(Actor()).filter(owner=OuterRef("pk"))
        return User.objects.filter(Exists(public)).only("username").order_by("pk")

    def location(self, item: User) -> str:
        return author_path(item)


class OrganizationSitemap(Sitemap):  # type: ignore[type-arg]
    limit = 10_000

    def items(self) -> QuerySet[Organization]:
        public = Download.objects.visible_to(Actor()).filter(organization=OuterRef("pk"))
        return Organization.objects.filter(Exists(public)).only("slug").order_by("pk")

    def location(self, item: Organization) -> str:
        return organization_path(item)


class TagSitemap(Sitemap):  # type: ignore[type-arg]
    limit = 10_000

    def items(self) -> QuerySet[Facet, str]:
        rows = Facet.objects.filter(
            kind=Facet.Kind.TAG, download_id__in=Download.objects.visible_to(Actor()).values("pk")
        )
        return rows.order_by("value").values_list("value", flat=True).distinct()

    def location(self, item: str) -> str:
        return tag_path(item)


class ListSitemap(Sitemap):  # type: ignore[type-arg]
    def items(self) -> list[str]:
        return ["pages:front", "pages:categories"]

    def location(self, item: str) -> str:
        return reverse(item)


SITEMAPS = {
    "lists": ListSitemap,
    "categories": CategorySitemap,
    "downloads": DownloadSitemap,
    "authors": AuthorSitemap,
    "organizations": OrganizationSitemap,
    "tags": TagSitemap,
}
