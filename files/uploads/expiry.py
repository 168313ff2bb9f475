"""Expire the uploads that their clients abandoned."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from files.models import PackageUpload, UploadSession
from files.storage import blob_storage
from files.uploads.ending import end_upload
from files.uploads.open_ended import close_open_ended


def expire_uploads() -> int:
    """End open uploads without activity for RELEASEHUB_UPLOAD_DAYS, and confirmed ones that were not attached.

    Returns:
        The number of open uploads that ended.
    """
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    untaken = UploadSession.objects.filter(state=UploadSession.State.CONFIRMED, version=None, blob__isnull=False)
    untaken.filter(last_active_at__lt=before).update(state=UploadSession.State.EXPIRED, blob=None)
    ended = close_open_ended()
    for upload in UploadSession.objects.filter(state=UploadSession.State.CREATED, last_active_at__lt=before):
        if end_upload(upload, UploadSession.State.EXPIRED):
            blob_storage().drop_incoming(upload.incoming)
            ended += 1
    return ended


def forget_announcements() -> int:
    """Delete the announced packages whose uploads ended without a version. Return how many there were."""
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    over = (UploadSession.State.EXPIRED, UploadSession.State.FAILED)
    rows = PackageUpload.objects.filter(version=None, package__state__in=over, created_at__lt=before)
    return rows.delete()[1].get("files.PackageUpload", 0)
