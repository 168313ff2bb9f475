"""Background work on stored bytes. Every task may run twice."""

import logging

from celery import shared_task

from files.blob_checks import verify_blobs
from files.blobs import erase_unused
from files.garbage import collect_garbage
from files.hub_days import measure_hub_days
from files.models import Blob
from files.quarantine_moves import move_quarantined
from files.storage_scan import scan_storage
from files.usage_report import measure_usage

log = logging.getLogger(__name__)
SWEEP_BATCH = 1000
VERIFIED_A_DAY = 100


@shared_task(name="files.erase_blobs")
def erase_blobs(blob_ids: list[int]) -> int:
    """Erase those of the blobs that no file uses any more."""
    return erase_unused(blob_ids)


@shared_task(name="files.sweep_blobs")
def sweep_blobs() -> int:
    """Find and erase unused blobs: what an interrupted request or a lost task left."""
    return erase_unused(Blob.objects.unused().values_list("pk", flat=True)[:SWEEP_BATCH])


@shared_task(name="files.collect_garbage")
def collect() -> int:
    """Remove objects from storage that no row refers to."""
    removed = collect_garbage()
    for item in removed:
        log.info("Removed %s %s, %s bytes.", item.kind, item.name, item.size_bytes)
    return len(removed)


@shared_task(name="files.move_quarantined")
def move_quarantined_objects() -> int:
    """Let signed URLs of quarantined files end."""
    return move_quarantined()


@shared_task(name="files.measure_hub")
def measure_hub() -> int:
    """Measure the figures of the last days for the dashboard."""
    measure_usage()
    return measure_hub_days()


@shared_task(name="files.verify_sample")
def verify_sample() -> int:
    """Compare the stored files that were checked the longest ago with their digests. Return how many were bad."""
    bad = [verdict for verdict in verify_blobs(Blob.objects.due_for_check()[:VERIFIED_A_DAY]) if verdict.problem]
    for verdict in bad:
        log.error("Stored file %s (sha256:%s) %s.", verdict.blob.storage_key, verdict.blob.sha256, verdict.problem)
    return len(bad)


@shared_task(name="files.scan_storage")
def scan() -> int:
    """Continue or start the daily scan for objects that no row refers to. Return how many it found."""
    found = scan_storage()
    return found.orphan_count if found else 0


@shared_task(name="files.rescan_storage")
def rescan() -> int:
    """Scan at once, because a person asked for it."""
    found = scan_storage(is_forced=True)
    return found.orphan_count if found else 0
