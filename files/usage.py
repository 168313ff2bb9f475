"""Count the bytes that a version, a download and its owner hold.

Reserved are uploads that have begun and copies of links that are under way. An open-ended upload, whose client has not
told its size, reserves half of what it may have: parallel ones can hold at most twice of what was left when they
began, and the confirmation refuses what does not fit. For a download and its owner soft-deleted files count, because
their bytes are there until they are purged. Links count for what offers them, not for the owner, who stores nothing.
"""

from typing import Any

from django.db import models
from django.db.models import Q, Sum

from files.models import DownloadIcon, File, PictureSize, UploadSession

OPEN_STATES = (UploadSession.State.CREATED, UploadSession.State.UPLOADED)
Reservation = UploadSession | File
PENDING, FAILED = File.Validation.PENDING, File.Validation.FAILED
STORED = Q(blob__isnull=False)
COPIED = Q(blob=None, wants_copy=True, validation_status=PENDING, deleted_at=None)  # has reserved its size
OFFERED = Q(deleted_at=None) & ~Q(blob=None, validation_status=FAILED)


def used_bytes(user_id: int, *, besides: Reservation | None = None) -> int:
    """Return what the user's downloads and loose uploads hold. A package counts for the owner of its download."""
    files = _files(besides).filter(STORED | COPIED, version__download__owner=user_id)
    loose = Q(version=None, package_of=None, lockfile_of=None, user=user_id)
    uploads = _uploads(besides).filter(_upload_of("owner", user_id) | loose)
    return _sum(files) + _sum_of_reservations(uploads) + _picture_bytes("download__owner", user_id)


def used_by_download(download_id: int, *, besides: Reservation | None = None) -> int:
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


def _held_by(download_id: int, files: models.QuerySet[File], besides: Reservation | None) -> int:
    uploads = _uploads(besides).filter(_upload_of("pk", download_id))
    pictures = _picture_bytes("download", download_id)
    return _sum(files.filter(version__download=download_id)) + _sum_of_reservations(uploads) + pictures


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


def _picture_bytes(owner: str, value: int) -> int:
    """Return the bytes of the icons of the entity dialect and of all pictures, for a download or for its owner."""
    icons = DownloadIcon.objects.filter(**{owner: value})
    pictures = PictureSize.objects.filter(**{f"picture__{owner}": value})
    sums = (rows.aggregate(total=Sum("blob__size_bytes"))["total"] for rows in (icons, pictures))
    return sum(total or 0 for total in sums)
