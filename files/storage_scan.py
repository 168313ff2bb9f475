"""The storage scan: look for stored objects that no row refers to, in steps that can be interrupted."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from files.garbage import GRACE, referenced_keys
from files.models import StorageScan
from files.storage import BLOBS, blob_storage
from files.storage.base import StoredObject
from releasehub.core.batches import in_batches

PERIOD = timedelta(hours=24)
BATCH_OBJECTS = 1000
MAX_EXAMPLES = 100


def scan_storage(*, is_forced: bool = False) -> StorageScan | None:
    """Continue the scan that is under way, or start one if the last is a day old. Return None if none is due.

    The storage is listed in the order of the keys. Each batch is counted together with the new cursor, and only if the
    cursor is still where the batch began, so that a scan may be killed or run twice.

    Raises:
        StorageUnavailable: The storage does not respond. The next call continues the scan.
    """
    scan = _current_scan(is_forced=is_forced)
    if scan is None:
        return None
    for batch in in_batches(blob_storage().objects(BLOBS, after=scan.cursor), BATCH_OBJECTS):
        if not _count(scan, batch):
            return scan  # another worker is ahead
        scan.refresh_from_db()
    StorageScan.objects.filter(pk=scan.pk, cursor=scan.cursor, finished_at=None).update(finished_at=timezone.now())
    scan.refresh_from_db()
    return scan


def last_scan() -> StorageScan | None:
    """Return the newest scan that is complete."""
    return StorageScan.objects.filter(finished_at__isnull=False).first()


def _current_scan(*, is_forced: bool) -> StorageScan | None:
    last = StorageScan.objects.first()
    if last is not None and last.finished_at is None:
        return last
    is_due = last is None or is_forced or abs(timezone.now() - last.started_at) > PERIOD
    return StorageScan.objects.create() if is_due else None


def _count(scan: StorageScan, batch: list[StoredObject]) -> bool:
    before = scan.started_at - GRACE
    known = referenced_keys([item.key for item in batch])
    orphans = [item for item in batch if item.key not in known and item.modified_at < before]
    shown = [
        {"key": item.key, "size_bytes": item.size_bytes, "modified_at": item.modified_at.isoformat()}
        for item in orphans[: MAX_EXAMPLES - len(scan.orphans)]
    ]
    rows = StorageScan.objects.filter(pk=scan.pk, cursor=scan.cursor)
    return bool(
        rows.update(
            cursor=batch[-1].key,
            object_count=F("object_count") + len(batch),
            object_bytes=F("object_bytes") + sum(item.size_bytes for item in batch),
            orphan_count=F("orphan_count") + len(orphans),
            orphan_bytes=F("orphan_bytes") + sum(item.size_bytes for item in orphans),
            orphans=scan.orphans + shown,
        )
    )
