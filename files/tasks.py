"""Background work on files. Every task may run twice."""

import logging

from celery import shared_task

from files.blobs import erase_unused
from files.counting import fold_grants
from files.garbage import collect_garbage, verify_blobs
from files.intake import pending_files, validate_file
from files.models import Blob
from files.probing import pending_links, probe_in_lane
from files.scanner import ScannerUnavailable
from files.sessions import expire_uploads, forget_announcements
from files.verification import verify_upload, waiting_uploads
from releasehub.core.errors import StorageFull, StorageUnavailable
from releasehub.core.tasks import hint
from versions.services.access_keys import forget_old_uses

log = logging.getLogger(__name__)
PROBE_LINK = "files.probe_link"
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


@shared_task(name="files.verify_upload")
def verify(upload_id: int) -> str | None:
    """Verify one upload; trouble with the storage is tried again by the sweep."""
    try:
        return verify_upload(upload_id)
    except (StorageUnavailable, StorageFull) as error:
        log.warning("Upload %s is not verified yet: %s", upload_id, error.message)
        return None


@shared_task(name="files.validate_file")
def validate(file_id: int) -> str | None:
    """Look into one pending file. A link is left to the lane of probes, because its host may be slow."""
    if pending_links().filter(pk=file_id).exists():
        hint(PROBE_LINK, file_id)
        return None
    try:
        return validate_file(file_id)
    except (StorageUnavailable, ScannerUnavailable) as error:
        log.warning("File %s is not checked yet: %s", file_id, error)
        return None


@shared_task(name=PROBE_LINK)
def probe(file_id: int) -> int:
    """Probe the link of one pending file, in the queue `outbound`."""
    try:
        return probe_in_lane(file_id)
    except (StorageUnavailable, ScannerUnavailable) as error:
        log.warning("The link of file %s is not checked yet: %s", file_id, error)
        return 0


@shared_task(name="files.sweep_uploads")
def sweep_uploads() -> dict[str, int]:
    """What a lost hint, a dead worker or a storage outage left: uploads to verify, files to check, sessions to end."""
    uploads, files = waiting_uploads(), pending_files()
    for upload_id in uploads:
        verify(upload_id)
    for file_id in files:
        validate(file_id)
    expired = expire_uploads()
    forget_announcements()
    return {"uploads": len(uploads), "files": len(files), "expired": expired}


@shared_task(name="files.fold_downloads")
def fold_downloads() -> int:
    """Count what was downloaded since the last time."""
    return fold_grants()


@shared_task(name="files.forget_key_uses")
def forget_key_uses() -> int:
    """Remove spent uses of access keys that pay for nothing any more."""
    return forget_old_uses()


@shared_task(name="files.collect_garbage")
def collect() -> int:
    """Remove what lies in storage and belongs to nobody."""
    removed = collect_garbage()
    for item in removed:
        log.info("Removed %s %s, %s bytes.", item.kind, item.name, item.size_bytes)
    return len(removed)


@shared_task(name="files.verify_sample")
def verify_sample() -> int:
    """Compare some stored files with their digests; returns how many were bad."""
    bad = [verdict for verdict in verify_blobs(Blob.objects.order_by("?")[:VERIFIED_A_DAY]) if verdict.problem]
    for verdict in bad:
        log.error("Stored file %s (sha256:%s) %s.", verdict.blob.storage_key, verdict.blob.sha256, verdict.problem)
    return len(bad)
