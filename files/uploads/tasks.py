"""Background tasks for uploads and links. Every task is idempotent."""

import logging

from celery import shared_task

from files.inspection.scanner import ScannerUnavailable
from files.uploads.expiry import expire_uploads, forget_announcements
from files.uploads.probing import pending_links, probe_in_lane
from files.uploads.validating import pending_files, validate_file
from files.uploads.verification import verify_upload
from files.uploads.verification_queue import waiting_uploads
from releasehub.core.errors import StorageFull, StorageUnavailable
from releasehub.core.tasks import hint

log = logging.getLogger(__name__)
PROBE_LINK = "files.probe_link"


@shared_task(name="files.verify_upload")
def verify(upload_id: int) -> str | None:
    """Verify one upload. The periodic sweep retries it after a storage error."""
    try:
        return verify_upload(upload_id)
    except (StorageUnavailable, StorageFull) as error:
        log.warning("Upload %s could not be verified yet. Cause: %s", upload_id, error.message)
        return None


@shared_task(name="files.validate_file")
def validate(file_id: int) -> str | None:
    """Validate one pending file. Links are left to the probe queue, because their hosts may be slow."""
    if pending_links().filter(pk=file_id).exists():
        hint(PROBE_LINK, file_id)
        return None
    try:
        return validate_file(file_id)
    except (StorageUnavailable, ScannerUnavailable) as error:
        log.warning("File %s could not be validated yet. Cause: %s", file_id, error)
        return None


@shared_task(name=PROBE_LINK)
def probe(file_id: int) -> int:
    """Probe the link of one pending file, in the queue `outbound`."""
    try:
        return probe_in_lane(file_id)
    except (StorageUnavailable, ScannerUnavailable) as error:
        log.warning("The link of file %s could not be checked yet. Cause: %s", file_id, error)
        return 0


@shared_task(name="files.sweep_uploads")
def sweep_uploads() -> dict[str, int]:
    """Retry work that was lost with a task, worker or storage outage: uploads, files and expired sessions."""
    uploads, files = waiting_uploads(), pending_files()
    for upload_id in uploads:
        verify(upload_id)
    for file_id in files:
        validate(file_id)
    expired = expire_uploads()
    forget_announcements()
    return {"uploads": len(uploads), "files": len(files), "expired": expired}
