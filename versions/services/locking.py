"""Locks are taken from the top down, download before version before file, so that two writers never cross."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import F
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_download
from releasehub.core.errors import NotFound
from versions.models import Version


def lock_version(version: Version) -> Version:
    """Return the row as it is now, with its download, both locked until the transaction ends.

    Raises:
        NotFound: Another request erased the version or its download.
    """
    download = lock_download(version.download_id)
    rows = Version.all_objects.select_for_update(of=("self",)).select_related("author")
    locked: Version | None = rows.filter(pk=version.pk).order_by().first()
    if locked is None:
        raise NotFound
    locked.download = download
    return locked


@contextmanager
def tally_changes(version: Version) -> Iterator[None]:
    """Keeps the counts on the download true while the block changes what the version counts as."""
    before = _tally(version)
    yield
    after = _tally(version)
    add_to_counts(version.download_id, after[0] - before[0], after[1] - before[1])


def add_to_counts(download_id: int, alive: int, listed: int) -> None:
    if alive or listed:
        Download.all_objects.filter(pk=download_id).update(
            version_count=F("version_count") + alive,
            listed_version_count=F("listed_version_count") + listed,
            last_update_at=timezone.now(),
        )


def _tally(version: Version) -> tuple[int, int]:
    """(1 if it counts for the team, 1 if it counts for everybody)."""
    if version.pk is None or version.is_deleted:
        return 0, 0
    is_listed = version.is_released and version.visibility == Version.Visibility.LISTED
    return 1, int(is_listed)
