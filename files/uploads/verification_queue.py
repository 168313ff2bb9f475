"""Uploads that wait for their verification, and the leases of the workers that verify them."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

from django.db import models
from django.db.models.functions import Now

from files.models import File, UploadSession
from files.storage import blob_storage, new_key
from releasehub.core.heartbeat import heartbeat
from releasehub.core.locks import is_unleased

# Short, because the upload waits for its end if the worker is killed. The worker extends it while it lives.
LEASE = timedelta(minutes=1)
RENEW_SECONDS = 10.0


def versions_being_verified(version_ids: Collection[int]) -> set[int]:
    """Return the versions that have an upload to verify or a file to validate."""
    uploads = UploadSession.objects.filter(version__in=version_ids, state=UploadSession.State.UPLOADED)
    files = File.objects.filter(version__in=version_ids, validation_status=File.Validation.PENDING)
    version_ids_with_work = uploads.order_by().values_list("version").union(files.order_by().values_list("version"))
    return {version_id for (version_id,) in version_ids_with_work}


def waiting_uploads() -> list[int]:
    """Return uploads that still wait because a task was lost or a worker died."""
    return list(_claimable().order_by("id").values_list("pk", flat=True)[:1000])


def _claimable() -> models.QuerySet[UploadSession]:
    return UploadSession.objects.filter(is_unleased(Now()), state=UploadSession.State.UPLOADED)


def hold_lease(upload: UploadSession) -> AbstractContextManager[None]:
    """Extend the lease while the block runs: moving and hashing a large file takes longer than the lease."""
    return heartbeat(partial(_extend, upload.pk), RENEW_SECONDS)


def _extend(upload_id: int) -> None:
    leased = UploadSession.objects.filter(pk=upload_id, state=UploadSession.State.UPLOADED, lease_until__isnull=False)
    leased.update(lease_until=Now() + LEASE)


def claim_upload(upload_id: int) -> UploadSession | None:
    """Take a lease on the upload, and record the final key of its bytes before they are moved there.

    The lease uses the database clock, because the clocks of two workers may differ.

    Each attempt has its own final key, so that a worker whose lease has expired cannot overwrite bytes that another
    worker verified. If an earlier attempt already moved the bytes to its key, that key is used again.
    """
    # A conditional update is the claim: of several workers, only one changes the row from free to leased.
    if not _claimable().filter(pk=upload_id).update(lease_until=Now() + LEASE):
        return None
    upload = UploadSession.objects.select_related("version__download__category", "user").get(pk=upload_id)
    if not upload.final_key or blob_storage().size(upload.final_key) is None:
        upload.final_key = new_key()
        upload.save(update_fields=["final_key", "updated_at"])
    return upload
