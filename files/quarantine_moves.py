"""Give quarantined objects another key in the storage, so that signed URLs that were handed out stop working."""

from django.utils import timezone

from files.models import Blob, Quarantine
from files.storage import blob_storage

BATCH_ROWS = 100


def move_quarantined() -> int:
    """Move the objects of new quarantines, and return how many. The function may run twice, and at the same time.

    Raises:
        StorageUnavailable: The storage does not respond; the schedule tries again.
    """
    rows = Quarantine.objects.filter(moved_at=None).order_by("id")[:BATCH_ROWS]
    return sum(_move(quarantine) for quarantine in rows)


def _move(quarantine: Quarantine) -> bool:
    blob = Blob.objects.filter(sha256=quarantine.sha256, state=Blob.State.STORED).first()
    is_moved = blob is not None and _give_new_key(blob)
    Quarantine.objects.filter(pk=quarantine.pk).update(moved_at=timezone.now())
    return is_moved


def _give_new_key(blob: Blob) -> bool:
    """Copy the object, point the row to the copy, and delete the original, whose URLs then answer 404.

    A crash in between leaves an object without a row, which the garbage collection deletes.
    """
    storage, old_key = blob_storage(), blob.storage_key
    new_key = storage.withdraw_urls(old_key)
    if new_key is None:
        return False
    rows = Blob.objects.filter(pk=blob.pk, storage_key=old_key)
    is_current = bool(rows.update(storage_key=new_key, updated_at=timezone.now()))
    storage.delete(old_key if is_current else new_key)
    return is_current
