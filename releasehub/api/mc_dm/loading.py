"""Bulk loading of what the serializers for `with=full` embed, for a whole page at once."""

from collections.abc import Sequence
from typing import Any

from downloads.access import load_access
from downloads.models import Category, Download, Prefix
from downloads.policies import download_policy
from files.uploads.verification_queue import versions_being_verified
from releasehub.api.common.loading import files_of
from releasehub.community.models import Comment
from releasehub.community.policies import contribution_policy
from releasehub.community.services.watching import watched_downloads
from releasehub.core.actor import Actor
from releasehub.distribution.annotations import set_current_version_ids, with_primary_file
from versions.models import Version
from versions.policies import version_policy


def version_context(actor: Actor, versions: Sequence[Version]) -> dict[str, Any]:
    """Return the context of `McDmFullVersionSerializer`, in five queries.

    They load the actor's access rights, the downloads with their current versions, the files, and the versions whose
    files are being verified.
    """
    download_ids = {version.download_id for version in versions}
    load_access(actor, download_ids)
    downloads = list(Download.all_objects.filter(pk__in=download_ids).order_by())
    set_current_version_ids(downloads)
    return {
        "files": files_of(actor, versions),
        "downloads": {download.pk: download for download in downloads},
        "verifying": versions_being_verified([version.pk for version in versions]),
        "can_edit": lambda version: version_policy.can_edit(actor, version),
    }


def download_context(actor: Actor, downloads: Sequence[Download]) -> dict[str, Any]:
    """Return the context of `McDmFullDownloadSerializer`, in four queries.

    They load the actor's access rights, the categories, the current versions, and what the actor watches.
    """
    load_access(actor, [download.pk for download in downloads])
    current = [pk for download in downloads if (pk := download.current_version_id)]  # type: ignore[attr-defined]
    versions = with_primary_file(Version.objects.filter(pk__in=current)).select_related("download")
    categories = Category.objects.filter(pk__in={download.category_id for download in downloads})
    return {
        "versions": {version.pk: version for version in versions.order_by()},
        "categories": {category.pk: category for category in with_download_counts(categories, actor).order_by()},
        "watched": watched_downloads(actor, [download.pk for download in downloads]),
        "can_edit": lambda download: download_policy.can_edit(actor, download),
    }


def comment_context(actor: Actor, comments: Sequence[Comment]) -> dict[str, Any]:
    """Return the context of `McDmFullCommentSerializer`, in three queries.

    They load the actor's access rights, and the downloads with their current versions, which the comments get.
    """
    download_ids = {comment.download_id for comment in comments}
    load_access(actor, download_ids)
    rows = list(Download.all_objects.filter(pk__in=download_ids).select_related("category").order_by())
    set_current_version_ids(rows)
    downloads = {download.pk: download for download in rows}
    for comment in comments:
        comment.download = downloads[comment.download_id]
    return {"allows": lambda action, comment: contribution_policy.allows(action, actor, comment)}


def category_context(categories: Sequence[Category]) -> dict[str, Any]:
    """Return the context of `McDmFullCategorySerializer`, in two queries for the prefixes and their categories."""
    prefixes = Prefix.objects.order_by("display_order", "title", "id").prefetch_related("categories")
    return {"prefixes": {row.pk: [prefix for prefix in prefixes if prefix.fits(row)] for row in categories}}


def with_download_counts(categories: Any, actor: Actor) -> Any:
    """Annotate categories with the number of downloads that the actor may see; deleted downloads do not count."""
    return categories.with_download_count(Download.objects.visible_to(actor))
