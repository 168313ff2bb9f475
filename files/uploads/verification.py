"""Verify uploads in a worker: move the bytes to a key that no client can write to, hash them and create the file."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from contextlib import closing
from datetime import timedelta

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from files.blobs import claim_blob, erase_unused, release_claim
from files.models import Blob, File, UploadSession
from files.services import add_file, check_new_file
from files.storage import blob_storage, new_key
from files.storage.digests import Digester
from files.storage.streaming import StagedUpload
from files.uploads.mismatches import digest_differs, size_differs
from files.uploads.open_ended import declare_size, received_bytes
from files.uploads.sessions import actor_of_upload
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.errors import Conflict, DomainError, ErrorCode, Rejected, StorageFull, StorageUnavailable
from releasehub.core.leases import is_unleased

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024
LEASE = timedelta(minutes=5)
RENEW_EVERY_BYTES = 512 * CHUNK_BYTES
WAIT_SECONDS = 20
LOOK_EVERY_SECONDS = 0.1


def verify_upload(upload_id: int) -> UploadSession.State | None:
    """Verify one upload. Return None if it is not waiting, or if another worker holds the lease on it.

    The task may be killed at any point and run again.

    Raises:
        StorageUnavailable: The storage does not respond; run the task again later.
        StorageFull: The storage has no space left; run the task again later.
    """
    upload = _claim(upload_id)
    if upload is None:
        return None
    try:
        staged = _collect(upload)
        blob = _claim_blob(upload, staged)
        try:
            _confirm(upload, blob)
        except BaseException:
            release_claim(blob)
            raise
        staged.discard()
    except (StorageUnavailable, StorageFull):
        UploadSession.objects.filter(pk=upload.pk).update(lease_until=None)
        raise
    except DomainError as error:
        _fail(upload, error)
    blob_storage().drop_incoming(upload.incoming)
    upload.refresh_from_db()
    return UploadSession.State(upload.state)


def verify_now(upload: UploadSession, *, size_bytes: int | None = None) -> Blob:
    """Verify an upload without a version within the request, or wait for the worker that is verifying it.

    The call is idempotent. Call it outside a transaction.

    Args:
        size_bytes: The size that the client declares, or None to ask the storage.

    Raises:
        Conflict: No bytes arrived, the upload has ended, or the worker takes too long.
        Rejected: The bytes differ from the declared ones.
        StorageUnavailable: The storage does not respond.
        StorageFull: The storage has no space left.
    """
    if upload.state == UploadSession.State.CREATED:
        _close(upload, size_bytes)
    deadline = time.monotonic() + WAIT_SECONDS
    while verify_upload(upload.pk) is None:
        upload.refresh_from_db()
        if upload.state != UploadSession.State.UPLOADED:
            break
        if time.monotonic() > deadline:
            raise Conflict(
                ErrorCode.UPLOAD_STATE, "The upload is still being verified. Repeat the request in a few seconds."
            )
        time.sleep(LOOK_EVERY_SECONDS)
    upload.refresh_from_db()
    if upload.state == UploadSession.State.FAILED:
        raise Rejected(ErrorCode(upload.error_code), upload.error_message)
    if upload.blob is None:
        raise Conflict(
            ErrorCode.UPLOAD_STATE, f"This upload is {upload.state} and its bytes were deleted. Begin a new upload."
        )
    if size_bytes is not None and upload.blob.size_bytes != size_bytes:
        raise size_differs(upload.blob.size_bytes, size_bytes)
    return upload.blob


def discard_upload(upload: UploadSession, error: DomainError) -> None:
    """Mark a verified upload as failed, delete its bytes and keep the reason."""
    blob_id = upload.blob_id
    rows = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CONFIRMED, blob__isnull=False)
    with transaction.atomic():
        failure = {"error_code": error.code.value, "error_message": error.message[:500], "updated_at": timezone.now()}
        if rows.update(state=UploadSession.State.FAILED, blob=None, **failure):
            actor = actor_of_upload(upload)
            audit.record(actor=actor, action=AuditAction.UPLOAD_FAIL, target=upload, reason=error.message)
    if blob_id is not None:
        erase_unused([blob_id])


def _close(upload: UploadSession, size_bytes: int | None) -> None:
    """Move the upload from open to waiting once the storage has its bytes. The client can correct errors and retry."""
    received = received_bytes(upload)
    if received is None:
        upload.refresh_from_db()
        if upload.state != UploadSession.State.CREATED:
            return  # another request closed it and moved the bytes
        message = (
            f"The storage received no bytes, or more than the declared {upload.size_bytes} bytes. "
            "Send the file to the signed URL of this upload."
        )
        raise Conflict(ErrorCode.UPLOAD_INCOMPLETE, message)
    if size_bytes is not None and received != size_bytes:
        raise size_differs(received, size_bytes)
    declare_size(upload, received)


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


def _claim(upload_id: int) -> UploadSession | None:
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


def _collect(upload: UploadSession) -> StagedUpload:
    """Move the bytes to their final key and hash them there.

    Raises:
        Rejected: The bytes differ from the declared ones.
    """
    storage = blob_storage()
    # A worker that was killed after this step has already moved the bytes, and the parts no longer exist.
    if storage.size(upload.final_key) is None:
        storage.collect(upload.incoming, upload.final_key)
    digester = Digester()
    renewed = 0
    with closing(storage.open(upload.final_key)) as handle:
        while chunk := handle.read(CHUNK_BYTES):
            digester.update(chunk)
            # Hashing a large file takes longer than the lease, so the lease is renewed while bytes are read.
            if digester.size_bytes - renewed >= RENEW_EVERY_BYTES:
                renewed = digester.size_bytes
                UploadSession.objects.filter(pk=upload.pk).update(lease_until=Now() + LEASE)
    digests = digester.result()
    staged = StagedUpload(upload.filename, upload.final_key, digester.size_bytes, digests, digester.head)
    if staged.size_bytes != upload.size_bytes:
        raise size_differs(staged.size_bytes, upload.size_bytes)
    if upload.sha256 and digests.sha256 != upload.sha256:
        raise digest_differs("SHA-256", digests.sha256, upload.sha256)
    return staged


def _claim_blob(upload: UploadSession, staged: StagedUpload) -> Blob:
    """Claim the blob of the uploaded bytes.

    Raises:
        DomainError: As `check_new_file`.
    """
    if upload.version is not None:
        check_new_file(
            actor=actor_of_upload(upload),
            version=upload.version,
            filename=upload.filename,
            size_bytes=staged.size_bytes,
            sha256=staged.digests.sha256,
            head=staged.head,
            upload=upload,
        )
    return claim_blob(staged)


@transaction.atomic
def _confirm(upload: UploadSession, blob: Blob) -> None:
    """Create the file, change the state and write audit row and events in one transaction. The call is idempotent."""
    locked = UploadSession.objects.select_for_update().get(pk=upload.pk)
    if locked.state != UploadSession.State.UPLOADED:
        return
    if upload.version is None:
        Blob.objects.filter(pk=blob.pk).update(claimed_until=None)
        locked.blob = blob
    else:
        locked.file = add_file(
            actor=actor_of_upload(upload),
            version=upload.version,
            filename=upload.filename,
            blob=blob,
            warnings=None,
            upload=upload,
            **upload.fields,
        )
    locked.state, locked.lease_until = UploadSession.State.CONFIRMED, None
    locked.save(update_fields=["blob", "file", "state", "lease_until", "updated_at"])


def _fail(upload: UploadSession, error: DomainError) -> None:
    """Mark the upload as failed with the reason, and delete its bytes."""
    with transaction.atomic():
        rows = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.UPLOADED)
        if rows.update(
            state=UploadSession.State.FAILED,
            error_code=error.code.value,
            error_message=error.message[:500],
            lease_until=None,
            updated_at=timezone.now(),
        ):
            audit.record(
                actor=actor_of_upload(upload), action=AuditAction.UPLOAD_FAIL, target=upload, reason=error.message
            )
    if not Blob.objects.filter(storage_key=upload.final_key).exists():
        blob_storage().delete(upload.final_key)
