"""Purge downloads, versions and files that were soft-deleted long ago, and the rows that other apps register."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from downloads.models import Download
from downloads.services import lock_download
from files.models import File
from files.services import lock_file
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.purge_registry import Purge, purge_rows, purge_start, registered_purges
from versions.models import Version
from versions.services import lock_version


def purge_deleted(*, older_than: timedelta | None = None) -> dict[str, int]:
    """Erase rows that were soft-deleted before the retention window. RELEASEHUB_RETENTION_DAYS=0 turns this off.

    A row that another request restores or erases in the meantime is skipped, and so is one under a legal hold.

    Returns:
        The numbers of erased downloads, versions and files, and of the rows that other apps registered.
    """
    return {purge.name: purge.run(older_than) for purge in purges()}


def purges() -> tuple[Purge, ...]:
    """Return all kinds of rows that are purged, in the order in which that happens."""
    return (*_RELEASES, *registered_purges())


def _deleted(model: Any, *related: str) -> Callable[[timedelta | None], QuerySet[Any] | None]:
    def rows(older_than: timedelta | None) -> QuerySet[Any] | None:
        before = purge_start(older_than, settings.RETENTION_DAYS)
        return None if before is None else model.all_objects.deleted_before(before).select_related(*related)

    return rows


_RELEASES = (
    Purge(
        "downloads",
        _deleted(Download),
        lambda rows: purge_rows(
            rows,
            lambda row: lock_download(row.pk),
            lambda row, **options: delete_download(download=row, **options),
        ),
        download_path="",
    ),
    Purge(
        "versions",
        _deleted(Version, "download"),
        lambda rows: purge_rows(rows, lock_version, lambda row, **options: delete_version(version=row, **options)),
        download_path="download",
    ),
    Purge(
        "files",
        _deleted(File, "version__download"),
        lambda rows: purge_rows(rows, lock_file, lambda row, **options: delete_file(file=row, **options)),
        download_path="version__download",
    ),
)
