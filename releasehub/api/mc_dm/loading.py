"""Everything that full verbosity embeds, fetched for a whole page at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downloads.access import load_access
from downloads.models import Category, Download
from downloads.policies import download_policy
from files.uploads.verification import verifying
from releasehub.api.common.loading import files_of
from releasehub.core.actor import Actor
from releasehub.distribution.latest import with_current_version, with_primary_file
from versions.models import Version
from versions.policies import version_policy


def version_context(actor: Actor, versions: Sequence[Version]) -> dict[str, Any]:
    """Four queries: the ties of the caller, the downloads, the files, and which are being verified."""
    download_ids = {version.download_id for version in versions}
    load_access(actor, download_ids)
    downloads = with_current_version(Download.all_objects.filter(pk__in=download_ids))
    return {
        "files": files_of(actor, versions),
        "downloads": {download.pk: download for download in downloads.order_by()},
        "verifying": verifying([version.pk for version in versions]),
        "can_edit": lambda version: version_policy.can_edit(actor, version),
    }


def download_context(actor: Actor, downloads: Sequence[Download]) -> dict[str, Any]:
    """Three queries: the ties of the caller, the categories, the current versions."""
    load_access(actor, [download.pk for download in downloads])
    current = [pk for download in downloads if (pk := download.current_version_id)]  # type: ignore[attr-defined]
    versions = with_primary_file(Version.objects.filter(pk__in=current)).select_related("download")
    categories = with_counts(actor, {download.category_id for download in downloads})
    return {
        "versions": {version.pk: version for version in versions.order_by()},
        "categories": {category.pk: category for category in categories},
        "can_edit": lambda download: download_policy.can_edit(actor, download),
    }


def with_counts(actor: Actor, category_ids: set[int]) -> Any:
    return counted(Category.objects.filter(pk__in=category_ids), actor).order_by()


def counted(categories: Any, actor: Actor) -> Any:
    """With the number of downloads the caller may see, deleted ones left out."""
    return categories.with_download_count(Download.objects.visible_to(actor))
