"""Verify uploads in a worker: move the bytes to a key that no client can write to, hash them and create the file."""

import logging
from contextlib import closing
from typing import Any

from django.db import transaction
from django.db.models import Q

from files.blobs import claim_blob, release_claim
from files.models import Blob, UploadSession
from files.services import add_file, check_new_file
from files.storage import blob_storage
from files.storage.digests import Digester
from files.storage.streaming import StagedUpload
from files.uploads.checksums import digest_differs, size_differs
from files.uploads.sessions import actor_of_upload
from files.uploads.verification_queue import claim_upload, hold_lease
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.errors import DomainError, StorageFull, StorageUnavailable
from releasehub.core.locks import lock_row
from versions.services import lock_version

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024


def verify_upload(upload_id: int) -> UploadSession.State | None:
    """Verify one upload. Return None if it is not waiting, was erased, or if another worker holds the lease on it.

    The task may be killed at any point and run again.

    Raises:
        StorageUnavailable: The storage does not respond; run the task again later.
        StorageFull: The storage has no space left; run the task again later.
    """
    upload = claim_upload(upload_id)
    if upload is None:
        return None
    try:
        with hold_lease(upload):
            _verify(upload)
    except (StorageUnavailable, StorageFull):
        UploadSession.objects.filter(pk=upload.pk).update(lease_until=None)
        raise
    except DomainError as error:
        _fail(upload, error)
    blob_storage().drop_incoming(upload.incoming)
    state = UploadSession.objects.filter(pk=upload.pk).values_list("state", flat=True).first()
    return None if state is None else UploadSession.State(state)


@transaction.atomic
def mark_failed(upload: UploadSession, error: DomainError, condition: Q, **changes: Any) -> None:
    """Let the upload fail for this reason if the condition still holds."""
    changes |= {"error_code": error.code.value, "error_message": error.message[:500]}
    if upload.update_if(condition, state=UploadSession.State.FAILED, **changes):
        actor = actor_of_upload(upload)
        audit.record(actor=actor, action=AuditAction.UPLOAD_FAIL, target=upload, reason=error.message)


def _verify(upload: UploadSession) -> None:
    staged = _collect(upload)
    blob = _claim_blob(upload, staged)
    try:
        _confirm(upload, blob)
    except BaseException:
        release_claim(blob)
        raise
    staged.discard()


def _collect(upload: UploadSession) -> StagedUpload:
    """Move the bytes to their final key and hash them there."""
    storage = blob_storage()
    # A worker that was killed after this step has already moved the bytes, and the parts no longer exist.
    if storage.size(upload.final_key) is None:
        storage.collect(upload.incoming, upload.final_key)
    digester = Digester()
    with closing(storage.open(upload.final_key)) as handle:
        while chunk := handle.read(CHUNK_BYTES):
            digester.update(chunk)
    digests = digester.result()
    staged = StagedUpload(upload.filename, upload.final_key, digester.size_bytes, digests, digester.head)
    if staged.size_bytes != upload.size_bytes:
        raise size_differs(staged.size_bytes, upload.size_bytes)
    if upload.sha256 and digests.sha256 != upload.sha256:
        raise digest_differs("SHA-256", digests.sha256, upload.sha256)
    return staged


def _claim_blob(upload: UploadSession, staged: StagedUpload) -> Blob:
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
    if upload.version is not None:
        lock_version(upload.version)  # before the upload, which goes with the version if somebody erases that
    locked = lock_row(upload)
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
    mark_failed(upload, error, Q(state=UploadSession.State.UPLOADED), lease_until=None)
    if not Blob.objects.filter(storage_key=upload.final_key).exists():
        blob_storage().delete(upload.final_key)
