"""The largest downloads, owners and categories by stored bytes, each with its quota.

The bytes are those of files, deleted ones included, because they are stored until the purge. The sums read every file
and every blob, which takes seconds on a large hub, so a background task measures them. The page reads what was
measured, and loads the names and limits of the rows with a query for each table.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Sum
from django.utils import timezone

from downloads.models import Category, Download
from downloads.rules import rules_of
from files.models import Blob, File
from files.models.blob import NEVER
from releasehub import __version__
from releasehub.accounts.models import User

SHOWN_ROWS = 20
DOWNLOAD, OWNER, CATEGORY = "version__download", "version__download__owner", "version__download__category"
CACHE_KEY = f"storage:usage:{__version__}"
CACHE_SECONDS = 3600  # a task measures every ten minutes; without workers, the page measures itself


@dataclass(frozen=True)
class MeasuredUsage:
    """The sums as of one moment.

    Attributes:
        stored: The number and bytes of blobs whose bytes are fine.
        sums: For each kind of rows, the primary key, bytes and number of files of those that store most.
    """

    measured_at: datetime
    stored: tuple[int, int]
    sums: dict[str, list[tuple[int, int, int]]]


def measure_usage() -> MeasuredUsage:
    stored = _count(Blob.objects.filter(state=Blob.State.STORED))
    usage = MeasuredUsage(timezone.now(), stored, {path: _sums(path) for path in (DOWNLOAD, OWNER, CATEGORY)})
    cache.set(CACHE_KEY, usage, CACHE_SECONDS)
    return usage


def last_usage() -> MeasuredUsage:
    """Return what was measured last. Measure now if that was not done or is too long ago."""
    usage: MeasuredUsage | None = cache.get(CACHE_KEY)
    return usage or measure_usage()


@dataclass(frozen=True)
class Usage:
    """The stored bytes of one download, owner or category. A limit of 0 means unlimited."""

    row: Any
    size_bytes: int
    file_count: int
    limit_bytes: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.size_bytes / self.limit_bytes) if self.limit_bytes else None


@dataclass(frozen=True)
class StorageTotals:
    """The number and bytes of blobs whose bytes are fine, missing or damaged, and of those never checked."""

    stored: tuple[int, int]
    missing: tuple[int, int]
    damaged: tuple[int, int]
    unchecked: tuple[int, int]


def storage_totals(usage: MeasuredUsage) -> StorageTotals:
    """Return the totals. Problems are counted now, and stored bytes are those that were measured."""
    rows = Blob.objects.all()
    return StorageTotals(
        stored=usage.stored,
        missing=_count(rows.missing()),
        damaged=_count(rows.damaged()),
        unchecked=_count(rows.filter(checked_at=NEVER)),
    )


def usage_by_download(usage: MeasuredUsage) -> list[Usage]:
    sums = usage.sums[DOWNLOAD]
    rows = Download.all_objects.select_related("category", "owner").in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, _download_limit(rows[pk])) for pk, size, count in sums if pk in rows]


def usage_by_owner(usage: MeasuredUsage) -> list[Usage]:
    sums = usage.sums[OWNER]
    rows = User.objects.in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, _owner_limit(rows[pk])) for pk, size, count in sums if pk in rows]


def usage_by_category(usage: MeasuredUsage) -> list[Usage]:
    """Return the usage of categories. They have no quota of their own: theirs is one for each download."""
    sums = usage.sums[CATEGORY]
    rows = Category.objects.in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, 0) for pk, size, count in sums if pk in rows]


def _sums(path: str) -> list[tuple[int, int, int]]:
    files = File.all_objects.filter(blob__isnull=False).order_by()
    grouped = files.values_list(path).annotate(size=Sum("size_bytes"), count=Count("pk"))
    return list(grouped.order_by("-size", path)[:SHOWN_ROWS])


def _download_limit(download: Download) -> int:
    own = download.quota_bytes
    return rules_of(download.category).max_download_bytes if own is None else own


def _owner_limit(user: User) -> int:
    return int(settings.USER_QUOTA_BYTES if user.quota_bytes is None else user.quota_bytes)


def _count(rows: Any) -> tuple[int, int]:
    found = rows.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return found["count"], found["size"] or 0
