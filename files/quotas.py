"""Count the bytes that a version, a download and its owner hold, and check the quotas.

Reserved are uploads that have begun and copies of links that are under way. An open-ended upload, whose client has not
told its size, reserves half of what it may have: parallel ones can hold at most twice of what was left when they
began, and the confirmation refuses what does not fit. For a download and its owner soft-deleted
files count, because their bytes are there until they are purged. Links count for what offers them, not for the owner,
who stores nothing. Code that adds bytes locks the version, which locks its download, and then
the owner (`lock_quota`), so that parallel uploads or copies cannot exceed a limit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum

from downloads.models import Download
from downloads.rules import rules_of
from files.models import DownloadIcon, File, UploadSession
from releasehub.accounts.models import User
from releasehub.core.errors import ErrorCode, Rejected

OPEN_STATES = (UploadSession.State.CREATED, UploadSession.State.UPLOADED)
Reservation = UploadSession | File
PENDING, FAILED = File.Validation.PENDING, File.Validation.FAILED
STORED = Q(blob__isnull=False)
COPIED = Q(blob=None, wants_copy=True, validation_status=PENDING, deleted_at=None)  # has reserved its size
OFFERED = Q(deleted_at=None) & ~Q(blob=None, validation_status=FAILED)


@dataclass(frozen=True)
class Quota:
    """`limit` and `used` are bytes; a limit of 0 is no limit, and then nothing is counted."""

    whose: str
    limit: int
    used: int

    @property
    def remaining_bytes(self) -> int:
        return self.limit - self.used

    def check(self, size_bytes: int) -> None:
        """Refuse bytes that do not fit any more.

        Raises:
            Rejected: With the limit and what is used of it.
        """
        if not self.limit or size_bytes <= self.remaining_bytes:
            return
        message = (
            f"The storage quota of the {self.whose} is {self.limit} bytes and {self.used} bytes are used, "
            f"so {size_bytes} more bytes do not fit. Delete files permanently, wait until deleted files "
            "are purged, or ask an administrator for a larger quota."
        )
        raise Rejected(ErrorCode.QUOTA_EXCEEDED, message, field="file", limit=self.limit, used=self.used)


def user_quota(user_id: int, *, besides: Reservation | None = None) -> Quota:
    """Return the user's own quota, else that of the site. Bytes that `besides` has reserved do not count."""
    limit = _user_limit(user_id)
    return Quota("owner", limit, used_bytes(user_id, besides=besides) if limit else 0)


def download_quota(download: Download, *, besides: Reservation | None = None) -> Quota:
    """Return the download's own quota, else that of its category, else that of the site."""
    own = download.quota_bytes
    limit = rules_of(download.category).max_download_bytes if own is None else own
    return Quota("download", limit, used_by_download(download.pk, besides=besides) if limit else 0)


def used_bytes(user_id: int, *, besides: Reservation | None = None) -> int:
    """Return what the user's downloads and loose uploads hold. A package counts for the owner of its download."""
    files = _files(besides).filter(STORED | COPIED, version__download__owner=user_id)
    loose = Q(version=None, package_of=None, lockfile_of=None, user=user_id)
    uploads = _uploads(besides).filter(_upload_of("owner", user_id) | loose)
    icons = DownloadIcon.objects.filter(download__owner=user_id)
    return _sum(files) + _sum_of_reservations(uploads) + _icon_bytes(icons)


def used_by_download(download_id: int, *, besides: Reservation | None = None) -> int:
    """Return what the download holds."""
    return _held_by(download_id, _files(besides).filter(STORED | OFFERED), besides)


def stored_by_download(download_id: int) -> int:
    """Return what the download holds at the cost of its owner, who does not pay for links."""
    return _held_by(download_id, _files(None).filter(STORED | COPIED), None)


def used_by_version(version_id: int, *, besides: Reservation | None = None) -> int:
    """Return what the version offers, and what uploads to it are going to hold."""
    files = _files(besides).filter(OFFERED, version=version_id)
    return _sum(files) + _sum_of_reservations(_uploads(besides).filter(version=version_id))


def reserved_bytes(size_bytes: int, *, is_open_ended: bool) -> int:
    """Return what an upload of that size, or of at most that size if it is open-ended, reserves in the quotas."""
    return (size_bytes + 1) // 2 if is_open_ended else size_bytes


def lock_quota(user_id: int) -> None:
    """Lock the user's quota until the transaction ends. A user without a limit is not locked."""
    if _user_limit(user_id):
        # `no_key`: the lock excludes other uploads, but not inserts of rows that refer to the user.
        list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))


def check_user_quota(user_id: int, size_bytes: int, *, besides: Reservation | None = None) -> None:
    """Check bytes that belong to no download yet.

    Raises:
        Rejected: As `Quota.check`.
    """
    user_quota(user_id, besides=besides).check(size_bytes)


def check_room(
    download: Download, size_bytes: int, *, besides: Reservation | None = None, is_link_only: bool = False
) -> None:
    """Refuse bytes that do not fit into the quota of the download or, unless they lie elsewhere, of its owner.

    Raises:
        Rejected: As `Quota.check`.
    """
    download_quota(download, besides=besides).check(size_bytes)
    if not is_link_only:
        user_quota(download.owner_id, besides=besides).check(size_bytes)


def room_left(download: Download, *, besides: Reservation | None = None) -> int | None:
    """Return how many bytes still fit; None is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    both = download_quota(download, besides=besides), user_quota(download.owner_id, besides=besides)
    quotas = [quota for quota in both if quota.limit]
    for quota in quotas:
        quota.check(1)
    return min((quota.remaining_bytes for quota in quotas), default=None)


def _user_limit(user_id: int) -> int:
    own = User.objects.filter(pk=user_id).values_list("quota_bytes", flat=True).first()
    return int(settings.USER_QUOTA_BYTES if own is None else own)


def _held_by(download_id: int, files: models.QuerySet[File], besides: Reservation | None) -> int:
    uploads = _uploads(besides).filter(_upload_of("pk", download_id))
    icons = DownloadIcon.objects.filter(download=download_id)
    return _sum(files.filter(version__download=download_id)) + _sum_of_reservations(uploads) + _icon_bytes(icons)


def _upload_of(attribute: str, value: int) -> Q:
    """Select the uploads to downloads with that value, those of packages included, which have no version yet."""
    ways = ("version__download", "package_of__download", "lockfile_of__download")
    return Q(*((f"{way}__{attribute}", value) for way in ways), _connector=Q.OR)


def _files(besides: Reservation | None) -> models.QuerySet[File]:
    rows = File.all_objects.all()
    return rows.exclude(pk=besides.pk) if isinstance(besides, File) else rows


def _uploads(besides: Reservation | None) -> models.QuerySet[UploadSession]:
    """Return open uploads, and finished ones that no file has taken over.

    Without a package its open-ended lockfile does not count either, and the other way around: both were begun for one
    version, and the second to tell its size is checked with the first.
    """
    loose = Q(state=UploadSession.State.CONFIRMED, file=None, blob__isnull=False)
    rows = UploadSession.objects.filter(Q(state__in=OPEN_STATES) | loose)
    if not isinstance(besides, UploadSession):
        return rows
    partner = Q(lockfile_of__package=besides) | Q(package_of__lockfile=besides)
    return rows.exclude(pk=besides.pk).exclude(partner, is_open_ended=True)


def _sum(rows: models.QuerySet[Any]) -> int:
    return rows.aggregate(total=Sum("size_bytes"))["total"] or 0


def _sum_of_reservations(uploads: models.QuerySet[UploadSession]) -> int:
    sums = uploads.aggregate(
        told=Sum("size_bytes", filter=Q(is_open_ended=False)), untold=Sum("size_bytes", filter=Q(is_open_ended=True))
    )
    return (sums["told"] or 0) + reserved_bytes(sums["untold"] or 0, is_open_ended=True)


def _icon_bytes(icons: models.QuerySet[DownloadIcon]) -> int:
    return icons.aggregate(total=Sum("blob__size_bytes"))["total"] or 0
