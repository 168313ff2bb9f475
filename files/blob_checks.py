"""Compare the stored bytes of blobs with their rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from files.models import Blob
from files.storage import blob_storage
from files.storage.digests import digest_of


@dataclass(frozen=True)
class BlobCheck:
    """The result of a check. `problem` is empty if the stored bytes match the row."""

    blob: Blob
    problem: str


def verify_blobs(blobs: Iterable[Blob]) -> Iterator[BlobCheck]:
    """Compare the stored bytes of each blob with its SHA-256, and record the result and the time of the check."""
    for blob in blobs:
        problem, now = _problem_of(blob), timezone.now()
        rows = Blob.objects.filter(pk=blob.pk, storage_key=blob.storage_key)  # not if it was repaired meanwhile
        rows.update(checked_at=now, problem=problem)
        state = Blob.State.MISSING if problem else Blob.State.STORED
        if state != blob.state:
            rows.update(state=state, updated_at=now)
        yield BlobCheck(blob, problem)


def _problem_of(blob: Blob) -> str:
    """Compare the stored bytes of a blob with its row, and return what is wrong, or an empty string."""
    size = blob_storage().size(blob.storage_key)
    if size is None:
        return "missing"
    if size != blob.size_bytes:
        return f"has {size} bytes instead of {blob.size_bytes}"
    return (
        ""
        if digest_of(blob_storage().open(blob.storage_key)) == blob.sha256
        else "has content with a different SHA-256"
    )
