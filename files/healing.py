"""Repair blobs whose bytes are missing or damaged, from a copy that the storage has under another key."""

from django.db import transaction
from django.utils import timezone

from files.blob_checks import verify_blobs
from files.garbage import referenced_keys
from files.models import Blob
from files.policies import blob_policy
from files.storage import BLOBS, blob_storage
from files.storage.digests import digest_of
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, NotFound
from releasehub.core.locks import lock_row


def recheck_blob(*, actor: Actor, blob: Blob) -> str:
    """Compare the stored bytes with the row again. Return what is wrong, or an empty string.

    Raises:
        StorageUnavailable: The storage does not respond.
    """
    blob_policy.ensure("heal", actor, blob)
    return next(iter(verify_blobs([blob]))).problem


def relink_blob(*, actor: Actor, blob: Blob) -> Blob:
    """Let a missing or damaged blob refer to an object with the same bytes that no other row refers to.

    This reads every such object of the same size. Call it outside a transaction.

    Raises:
        Conflict: The bytes of the blob are stored as they should be.
        NotFound: The storage has no copy of the bytes.
        StorageUnavailable: The storage does not respond.
    """
    if not recheck_blob(actor=actor, blob=blob):
        raise Conflict(
            ErrorCode.CONFLICT, "The stored bytes of this file match its digest, so there is nothing to repair."
        )
    key = _find_copy(blob)
    if key is None:
        raise NotFound("The storage has no copy of these bytes. Restore them from a backup, or upload the file again.")
    with transaction.atomic():
        locked = lock_row(blob)
        old_key, locked.storage_key, locked.state, locked.problem = locked.storage_key, key, Blob.State.STORED, ""
        locked.checked_at = timezone.now()
        locked.save(update_fields=["storage_key", "state", "problem", "checked_at", "updated_at"])
        changes = {"storage_key": [old_key, key], "sha256": locked.sha256}
        audit.record(actor=actor, action=AuditAction.STORAGE_RELINK, target=locked, changes=changes)
    # The garbage collection may have removed the object just before the commit.
    recheck_blob(actor=actor, blob=locked)
    return locked


def _find_copy(blob: Blob) -> str | None:
    for item in blob_storage().objects(BLOBS):
        is_candidate = item.size_bytes == blob.size_bytes and item.key != blob.storage_key
        if is_candidate and not referenced_keys([item.key]) and digest_of(blob_storage().open(item.key)) == blob.sha256:
            return item.key
    return None
