"""Add files with stored bytes to versions."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction

from files.inspection.findings import Finding, as_json
from files.kinds import kind_of
from files.models import Blob, File, UploadSession
from files.names import fold_name
from files.new_content import announce_new_content
from files.primary import choose_primary_file, elect_primary_file
from files.public_names import remember_file
from files.quarantined_bytes import check_not_quarantined
from files.quotas import lock_quota
from files.services.locking import count_files
from files.services.preconditions import check_new_file
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.models import Version
from versions.services import lock_version


@transaction.atomic
def add_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    blob: Blob,
    warnings: Sequence[Finding] | None,
    head: bytes = b"",
    upload: UploadSession | None = None,
    **fields: Any,
) -> File:
    """Add a file with the content of `blob` to the version. `is_primary=True` makes it the primary file.

    Args:
        warnings: What the inspection of the content has found, to be stored with the file. None means that the content
            was not inspected yet, so a worker does it after the commit.
        head: The first bytes of the content, if they were not yet compared with the rules of the category.

    Raises:
        DomainError: As `check_new_file`, which runs again while the version is locked.
        Rejected: A moderator has blocked these bytes.
    """
    version = lock_version(version)
    lock_quota(version.download.owner)
    name = check_new_file(
        actor=actor,
        version=version,
        filename=filename,
        size_bytes=blob.size_bytes,
        sha256=blob.sha256,
        head=head,
        findings=warnings or (),
        upload=upload,
    )
    check_not_quarantined(blob.sha256)
    is_stored = Blob.objects.select_for_update().filter(pk=blob.pk).update(claimed_until=None)
    if not is_stored:
        raise Conflict(
            ErrorCode.FILE_INCOMPLETE, "The uploaded bytes were removed in the meantime. Upload the file again."
        )
    status = File.Validation.PENDING if warnings is None else File.Validation.PASSED
    file = File(version=version, blob=blob, size_bytes=blob.size_bytes, validation_status=status)
    file.findings = as_json(warnings or ())
    return create_file(actor, file, name, fields)


def create_file(actor: Actor, file: File, filename: str, fields: dict[str, Any]) -> File:
    """Store a new file of a locked version under a name that `check_name` has let through."""
    version = file.version
    _make_room(actor, version, filename)
    choose_primary_file(file, fields.pop("is_primary", None))
    file.folded_name = fold_name(filename)
    assign(file, {"filename": filename, "kind": kind_of(filename), **fields})
    file.save()
    elect_primary_file(version, file)
    remember_file(file)
    audit.record(actor=actor, action=AuditAction.FILE_CREATE, target=file, changes={"size_bytes": file.size_bytes})
    events = [EventType.FILE_CREATED]
    if file.validation_status == File.Validation.PASSED:
        count_files(version, 1)
        events.append(EventType.FILE_VALIDATED)
    else:
        transaction.on_commit(partial(hint, "files.validate_file", file.pk))
    webhooks.publish_all(actor=actor, events=events, target=file)
    announce_new_content(actor, version)
    return file


def _make_room(actor: Actor, version: Version, filename: str) -> None:
    """Soft-delete failed files with this name, so that a new file can take the name."""
    failed_files = File.objects.filter(
        version=version, folded_name=fold_name(filename), validation_status=File.Validation.FAILED
    )
    for file in failed_files:
        file.version = version
        reason = "replaced because it failed validation"
        audit.record(actor=actor, action=AuditAction.FILE_DELETE_SOFT, target=file, reason=reason)
        file.mark_deleted(by=actor.user, reason=reason)
        webhooks.publish(actor=actor, event=EventType.FILE_DELETED, target=file, hard=False, reason=reason)
