"""Blobs: identical bytes are stored once, and are deleted with the last file that refers to them."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from files.mime import sniff
from files.models import Blob
from files.storage import blob_storage
from files.storage.streaming import StagedUpload
from releasehub.core.querysets import only_row
from releasehub.core.read_only import ensure_writable

CLAIM = timedelta(minutes=10)


def keep_upload(upload: StagedUpload) -> Blob:
    """Claim the blob of staged bytes, and drop the staged copy if the hub already stores the same bytes."""
    blob = claim_blob(upload)
    upload.discard()
    return blob


def claim_blob(upload: StagedUpload) -> Blob:
    """Return the blob of these bytes, claimed for ten minutes so that a file can refer to it.

    The claim keeps the garbage collection from deleting the blob. Call it outside a transaction.
    """
    # A missing blob is repaired before it is claimed, because `_claim` only accepts blobs whose bytes are stored.
    _heal(upload)
    blob = _claim(upload.digests.sha256)
    if blob is None:
        try:
            with transaction.atomic():
                blob = _new_blob(upload)
        except IntegrityError:  # a parallel upload has just stored the same bytes
            blob = _claim(upload.digests.sha256)
            if blob is None:
                raise
    upload.is_kept = blob.storage_key == upload.key
    return blob


def release_claim(blob: Blob) -> None:
    """Release the claim of a failed upload, and delete the blob if nothing else refers to it."""
    Blob.objects.filter(pk=blob.pk).update(claimed_until=None)
    erase_unused([blob.pk])


def erase_unused(blob_ids: Iterable[int]) -> int:
    """Erase unused blobs and return their number. The row is deleted first, and the bytes after the commit."""
    # In ascending order, so that two workers that delete the same blobs cannot deadlock.
    keys = [key for blob_id in sorted(blob_ids) if (key := _erase_row(blob_id))]
    for key in keys:
        blob_storage().delete(key)
    return len(keys)


@transaction.atomic
def _erase_row(blob_id: int) -> str:
    """Delete the row of an unused blob and return its storage key, or an empty string if it is in use."""
    # Lock first, check afterwards: a file or a claim that was added before the lock is then visible to the check, and
    # later ones wait for this transaction and find no row.
    if not Blob.objects.select_for_update().filter(pk=blob_id).exists():
        return ""
    blob: Blob | None = Blob.objects.unused().filter(pk=blob_id).first()
    if blob is None:
        return ""
    blob.delete()
    return blob.storage_key


def _claim(sha256: str) -> Blob | None:
    blobs = Blob.objects.filter(sha256=sha256, state=Blob.State.STORED)
    return only_row(blobs) if blobs.update(claimed_until=timezone.now() + CLAIM) else None


def _heal(upload: StagedUpload) -> None:
    """Repair a missing or damaged blob with newly uploaded identical bytes."""
    missing_blobs = Blob.objects.filter(sha256=upload.digests.sha256, state=Blob.State.MISSING)
    now = timezone.now()
    missing_blobs.update(storage_key=upload.key, state=Blob.State.STORED, problem="", checked_at=now, updated_at=now)


def _new_blob(upload: StagedUpload) -> Blob:
    ensure_writable()  # within this transaction, because a move of the files may have read the last rows just before
    return Blob.objects.create(
        sha256=upload.digests.sha256,
        sha512=upload.digests.sha512,
        md5=upload.digests.md5,
        size_bytes=upload.size_bytes,
        mime_type=sniff(upload.head),
        storage_key=upload.key,
        state=Blob.State.STORED,
        claimed_until=timezone.now() + CLAIM,
    )
