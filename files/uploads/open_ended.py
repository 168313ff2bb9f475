"""Uploads of unknown length, with one PUT: what has arrived decides their size.

The entity API signs such an upload before it knows the size. Until then, part of the remaining quota is reserved.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from files.models import PackageUpload, UploadSession
from files.quotas import check_room, check_user_quota, lock_quota
from files.storage import Incoming, blob_storage
from files.uploads.ending import OPEN, end_upload, mark_received
from files.uploads.parts import MAX_PART_BYTES
from releasehub.core.querysets import only_row

RESERVED_FOR = timedelta(days=1)


def open_open_ended(*, limit_bytes: int) -> Incoming:
    """Reserve a storage key for one PUT of unknown length. `limit_bytes=0` allows the largest size of one PUT."""
    most = min(limit_bytes or MAX_PART_BYTES, MAX_PART_BYTES)
    return blob_storage().begin_incoming(size_bytes=most, part_bytes=0, is_open_ended=True)


def received_bytes(upload: UploadSession) -> int | None:
    """Return the size of what a PUT stored, or None if it is missing or too large. This calls the storage."""
    return blob_storage().received_parts(upload.incoming).get(1)


@transaction.atomic
def declare_size(upload: UploadSession, size_bytes: int) -> bool:
    """Set the size of a received open-ended upload and mark it as waiting for verification.

    Returns:
        False if the upload is no longer open.

    Raises:
        Rejected: The bytes exceed the quota of the download or the uploader.
    """
    _check_quota(upload, size_bytes)
    return mark_received(upload, size_bytes=size_bytes, is_open_ended=False)


def close_open_ended() -> int:
    """Replace the reservations of open-ended uploads whose URL expired by what has arrived. Without bytes they end.

    Returns:
        The number of uploads that ended.
    """
    ended = 0
    before = timezone.now() - RESERVED_FOR
    waiting = UploadSession.objects.filter(OPEN, is_open_ended=True, last_active_at__lt=before)
    for upload in waiting:
        if (received := received_bytes(upload)) is not None:
            upload.update_if(OPEN, size_bytes=received, is_open_ended=False)
        elif end_upload(upload, UploadSession.State.EXPIRED):
            blob_storage().drop_incoming(upload.incoming)
            ended += 1
    return ended


def _check_quota(upload: UploadSession, size_bytes: int) -> None:
    """Check the quota of the download for a package or version upload, and else the quota of the uploader."""
    packages = PackageUpload.objects.filter(Q(package=upload) | Q(lockfile=upload))
    announced = only_row(packages.select_related("download__category", "download__owner"))
    if announced is not None:
        lock_quota(announced.download.owner)
        check_room(announced.download, size_bytes, besides=upload)
    elif upload.user is not None:
        lock_quota(upload.user)
        check_user_quota(upload.user, size_bytes, besides=upload)
