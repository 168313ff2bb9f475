"""The largest downloads, owners and categories by stored bytes, each with its quota.

The bytes are those of files, deleted ones included, because they are stored until the purge. Each table takes two
queries; the sums come from the index `file_stored_sizes` alone, before they are joined with versions and downloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from downloads.models import Category, Download
from downloads.rules import rules_of
from files.models import Blob, File
from files.models.blob import NEVER
from releasehub.accounts.models import User

SHOWN_ROWS = 20


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


def storage_totals() -> StorageTotals:
    rows = Blob.objects.all()
    return StorageTotals(
        stored=_count(rows.filter(state=Blob.State.STORED)),
        missing=_count(rows.missing()),
        damaged=_count(rows.damaged()),
        unchecked=_count(rows.filter(checked_at=NEVER)),
    )


def usage_by_download() -> list[Usage]:
    sums = _sums("version__download")
    rows = Download.all_objects.select_related("category", "owner").in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, _download_limit(rows[pk])) for pk, size, count in sums]


def usage_by_owner() -> list[Usage]:
    sums = _sums("version__download__owner")
    rows = User.objects.in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, _owner_limit(rows[pk])) for pk, size, count in sums]


def usage_by_category() -> list[Usage]:
    """Return the usage of categories. They have no quota of their own: theirs is one for each download."""
    sums = _sums("version__download__category")
    rows = Category.objects.in_bulk([pk for pk, _, _ in sums])
    return [Usage(rows[pk], size, count, 0) for pk, size, count in sums]


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
