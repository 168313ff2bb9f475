"""Select what an export contains: what every visitor may see and download, or everything."""

from collections.abc import Sequence

from downloads.models import Download
from downloads.querysets import DownloadQuerySet
from files.models import File
from files.querysets import FileQuerySet
from releasehub.core.actor import Actor, system_actor
from releasehub.operations.errors import OperationError
from versions.models import Version
from versions.querysets import VersionQuerySet


def select_downloads(slugs: Sequence[str], *, is_private: bool) -> DownloadQuerySet:
    """Return the downloads with these slugs, or all downloads without slugs.

    Raises:
        OperationError: A download does not exist, or it is not public.
    """
    rows = Download.objects.select_related("category", "prefix", "organization").order_by("slug")
    visible = rows.visible_to(_reader(is_private))
    if not slugs:
        return visible
    for slug in slugs:
        if not rows.filter(slug=slug).exists():
            raise OperationError(f"There is no download with the slug {slug}. Check the spelling.")
        if not visible.filter(slug=slug).exists():
            raise OperationError(f"The download {slug} is not public. Add --private to export it all the same.")
    return visible.filter(slug__in=slugs)


def select_versions(download: Download, *, is_private: bool) -> VersionQuerySet:
    """Return the versions that lists show, or all versions, the highest number first.

    Of several versions with one number, the first one comes last. An import begins at the end of the list, so that the
    same version is the first one there.
    """
    rows = Version.objects.listed_in(_reader(is_private), download)
    return rows.select_related("base_version").order_by("-sort_key", "-is_twin", "-id")


def select_files(version: Version, *, is_private: bool) -> FileQuerySet:
    """Return the files that need no sign-in and no key, or all files.

    Files that failed their checks or are quarantined are never exported, because a static tree could not block them.
    """
    rows = File.objects.passed().filter(version=version).select_related("blob")
    return rows if is_private else rows.filter(is_secured=False)


def _reader(is_private: bool) -> Actor:
    return system_actor() if is_private else Actor()
