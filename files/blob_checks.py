"""Compare the stored bytes of blobs with their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from django.utils import timezone

from files.models import Blob
from files.storage import blob_storage

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class BlobCheck:
    """The result of a check. `problem` is empty if the stored bytes match the row."""

    blob: Blob
    problem: str


def verify_blobs(blobs: Iterable[Blob]) -> Iterator[BlobCheck]:
    """Compare the stored bytes of each blob with its SHA-256, and mark the blob as missing or as stored."""
    for blob in blobs:
        problem = _problem_of(blob)
        state = Blob.State.MISSING if problem else Blob.State.STORED
        if state != blob.state:
            # The object of quarantined bytes gets another key; then this result is about the earlier one.
            Blob.objects.filter(pk=blob.pk, storage_key=blob.storage_key).update(state=state, updated_at=timezone.now())
        yield BlobCheck(blob, problem)


def _problem_of(blob: Blob) -> str:
    """Compare the stored bytes of a blob with its row, and return what is wrong, or an empty string.

    Raises:
        StorageUnavailable: The storage does not respond.
    """
    storage = blob_storage()
    size = storage.size(blob.storage_key)
    if size is None:
        return "missing"
    if size != blob.size_bytes:
        return f"has {size} bytes instead of {blob.size_bytes}"
    digest = hashlib.sha256()
    with closing(storage.open(blob.storage_key)) as handle:
        while chunk := handle.read(CHUNK_BYTES):
            digest.update(chunk)
    return "" if digest.hexdigest() == blob.sha256 else "has content with a different SHA-256"
