"""Decide whether a pending file passes, once its content was inspected."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from downloads.rules import rules_of
from files.inspection.findings import Finding, as_json, is_rejected
from files.models import File
from files.public_names import Identity, check_name_is_free
from files.quarantine import apply_quarantine
from files.services import lock_file, offer_file
from files.uploads.inspecting import inspect
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import system_actor
from releasehub.core.errors import Conflict, NotFound
from releasehub.core.querysets import only_row
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

HINT_TIME = timedelta(seconds=30)


def validate_file(file_id: int) -> File.Validation | None:
    """Validate the stored bytes of a pending file. Return None if the file is no longer pending.

    Raises:
        StorageUnavailable: The storage does not respond; try again later.
        ScannerUnavailable: The malware scanner does not respond; try again later.
    """
    file = only_row(File.objects.select_related("blob", "version__download").filter(pk=file_id))
    if file is None or file.blob is None or file.validation_status != File.Validation.PENDING:
        return None
    return decide(file, inspect(file.blob, file.filename))


def pending_files() -> list[int]:
    """Return pending files whose validation task seems to be lost."""
    before = timezone.now() - HINT_TIME
    rows = File.objects.filter(validation_status=File.Validation.PENDING, updated_at__lt=before)
    return list(rows.order_by("id").values_list("pk", flat=True)[:1000])


@transaction.atomic
def decide(file: File, findings: list[Finding], **learned: Any) -> File.Validation | None:
    """Mark the file as failed if a finding is a reason to refuse it in its category, otherwise as passed.

    All findings are stored.

    Only the team sees a failed file.

    `learned`: fields that only looking could tell, such as the size of a link or the blob of its copy.
    """
    try:
        file = lock_file(file)
    except NotFound:
        return None
    if file.validation_status != File.Validation.PENDING:
        return None
    for name, value in learned.items():
        setattr(file, name, value)
    raised = rules_of(file.version.download.category).rejected_warnings
    if not is_rejected(findings, raised):
        findings = [*findings, *_name_findings(file)]
    is_failed = is_rejected(findings, raised)
    file.findings = as_json(findings, raised)
    file.validation_status = File.Validation.FAILED if is_failed else File.Validation.PASSED
    if learned:  # the digest may be known only now
        file.quarantine = apply_quarantine(file)
    file.save(update_fields=["findings", "validation_status", "quarantine", *learned, "updated_at"])
    offer_file(file)
    action = AuditAction.FILE_REJECT if is_failed else AuditAction.FILE_VALIDATE
    event = EventType.FILE_REJECTED if is_failed else EventType.FILE_VALIDATED
    audit.record(actor=system_actor(), action=action, target=file, changes={"findings": file.findings})
    webhooks.publish(actor=system_actor(), event=event, target=file)
    return File.Validation(file.validation_status)


def _name_findings(file: File) -> list[Finding]:
    """Return a finding if the name was public with different content. The digest is known only at this point."""
    try:
        check_name_is_free(file.version, file.filename, Identity.of(file))
    except Conflict as taken:
        return [Finding("name.public", taken.message)]
    return []
