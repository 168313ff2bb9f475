"""Verify uploads within a request, instead of in a worker."""

import time

from django.db.models import Q

from files.blobs import erase_unused
from files.models import Blob, UploadSession
from files.uploads.checksums import size_differs
from files.uploads.open_ended import declare_size, received_bytes
from files.uploads.verification import mark_failed, verify_upload
from releasehub.core.errors import Conflict, DomainError, ErrorCode, Rejected

WAIT_SECONDS = 20
LOOK_EVERY_SECONDS = 0.1


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
    mark_failed(upload, error, Q(state=UploadSession.State.CONFIRMED, blob__isnull=False), blob=None)
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
