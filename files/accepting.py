"""Let a rejected file through: a moderator overrules what the inspection has found."""

from django.db import transaction
from django.utils import timezone

from files.inspection.findings import from_json
from files.models import Blob, File
from files.policies import file_policy
from files.public_names import Identity, check_name_is_free
from files.services import check_not_sealed, lock_file, offer_file
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


@transaction.atomic
def accept_file(*, actor: Actor, file: File, reason: str) -> File:
    """Let a failed file through, so that it is offered like a file that passed. Its findings stay as warnings.

    Raises:
        Invalid: The reason is empty or too long.
        Conflict: The file did not fail, failed for something else than its content, or its version is sealed.
    """
    file = file_policy.ensure_locked("accept", actor, file, lock_file)
    if not reason.strip():
        raise Invalid("Enter the reason for letting this file through.", field="reason")
    _check_failed_by_content(file)
    check_not_sealed(file.version)
    check_name_is_free(file.version, file.filename, Identity.of(file))
    assign(file, {"accepted_reason": reason.strip(), "accepted_by": actor.user, "accepted_at": timezone.now()})
    file.validation_status = File.Validation.PASSED
    file.save()
    offer_file(file)
    changes = {"validation_status": ["failed", "passed"], "findings": file.findings}
    audit.record(actor=actor, action=AuditAction.FILE_ACCEPT, target=file, reason=file.accepted_reason, changes=changes)
    webhooks.publish(actor=actor, event=EventType.FILE_VALIDATED, target=file)
    return file


def _check_failed_by_content(file: File) -> None:
    if file.validation_status != File.Validation.FAILED:
        message = f"Only a file that failed its checks can be let through; this one is {file.validation_status}."
        raise Conflict(ErrorCode.FILE_STATE, message)
    if fixed := next((finding for finding in from_json(file.findings) if not finding.is_about_content), None):
        message = f"This file did not fail because of its content, so it cannot be let through. {fixed.message}"
        raise Conflict(ErrorCode.FILE_STATE, message)
    if file.blob is None or file.blob.state != Blob.State.STORED:
        message = "The hub does not have the bytes of this file, so it cannot be let through. Upload the file again."
        raise Conflict(ErrorCode.FILE_STATE, message)
