"""Objects and template contexts of the public pages."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.http import HttpRequest

from downloads.models import Category, Download
from downloads.policies import category_policy, download_policy
from downloads.querysets import DownloadQuerySet
from releasehub.core.actor import Actor
from releasehub.core.errors import Moved, NotFound
from releasehub.core.ids import as_subquery
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.permalinks import find_download
from releasehub.distribution.presented_keys import needed_key, presented_key
from releasehub.pages.manage_links import manage_links
from releasehub.pages.viewers import viewer_of
from versions.models import Version
from versions.querysets import listed_total

MAX_FEATURED = MAX_POPULAR = 6
CARD_FIELDS = (
    *("title", "slug", "tag_line", "state", "visibility", "pictures", "last_update_at"),
    *("download_count", "rating_count", "rating_sum", "default_channel", "featured_order"),
    *("category__title", "category__slug", "owner__username", "prefix__title", "prefix__color"),
)


def category_of_page(actor: Actor, slug: str) -> Category:
    return category_policy.visible_or_not_found(actor, Category.objects.filter(slug=slug).first())


def download_of_page(actor: Actor, slug: str, pk: int) -> Download:
    """Return the download with this ID. The slug in the URL is only for people and may be an old one.

    Raises:
        Moved: The slug is not the current one.
        Gone: The download was deleted.
        NotFound: The download does not exist, or the actor may not see it.
    """
    with suppress(NotFound):
        download = find_download(actor, slug)
        if download.pk == pk:
            return download
    present = first_or_not_found(Download.all_objects.filter(pk=pk).exclude(slug=slug).values_list("slug", flat=True))
    raise Moved(find_download(actor, present).slug)


def about(request: HttpRequest, download: Download, version: Version | None = None) -> dict[str, Any]:
    actor = viewer_of(request)
    return {
        "download": download,
        # Building the query of a trail was a fifth of the CPU time of the page, and a root has no other categories.
        "path": download.category.trail() if download.category.parent_id else [download.category],
        "is_insider": download_policy.is_insider(actor, download),
        "can_view_statistics": download_policy.can_view_statistics(actor, download),
        "version_total": listed_total(actor, download),
        "manage_links": manage_links(request, download, version),
        "shared_key": needed_key(actor, download) if actor.user else presented_key(actor, download.pk),
        "base_url": base_url(request),
    }


def base_url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def not_included(actor: Actor, download: Download, versions: Iterable[Version]) -> set[int]:
    """Return the IDs of the versions that the access key does not cover.

    The set is empty unless the actor sees the download only because of an access key.
    """
    key = needed_key(actor, download)
    return {version.pk for version in versions if key and not version.is_allowed_by(key)}


def with_summary(downloads: DownloadQuerySet) -> Any:
    """Return the downloads with what their cards show. Whole rows have 90 columns, and descriptions are long."""
    rows = downloads.select_related("category", "owner", "prefix").only(*CARD_FIELDS)
    return rows.order_by("-last_update_at", "-id")


def cards_of(download_ids: Iterable[int]) -> dict[int, Download]:
    """Return the downloads with what their cards show, by ID. Deleted ones are left out."""
    rows = Download.objects.filter(pk__in=as_subquery(download_ids))
    return {download.pk: download for download in with_summary(rows)}


def featured_of(downloads: DownloadQuerySet) -> Any:
    return with_summary(downloads.featured()).order_by("featured_order", "id")[:MAX_FEATURED]


def popular_of(downloads: DownloadQuerySet) -> Any:
    fetched = with_summary(downloads.filter(download_count__gt=0))
    return fetched.order_by("-download_count", "-id")[:MAX_POPULAR]
