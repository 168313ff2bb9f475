"""Change and restore files."""

from typing import Any

from django.db import transaction

from files.inspection.validation import Candidate, check_new_name, standing_findings, validate
from files.kinds import kind_of
from files.models import File
from files.names import clean_name, fold_name
from files.new_content import announce_new_content
from files.policies import file_policy
from files.primary import choose_primary_file, elect_primary_file
from files.public_names import Identity, check_name_is_free, remember_file
from files.quotas import lock_quota
from files.services.locking import count_files, lock_file
from files.services.preconditions import (
    check_name,
    check_not_approved,
    check_not_sealed,
    check_takes_content,
    rules_for,
)
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.restoring import needs_restore
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


@transaction.atomic
def update_file(*, actor: Actor, file: File, **fields: Any) -> File:
    """Change the given fields of the file; all other fields stay as they are.

    `is_primary=True` chooses the file as the primary one, and False withdraws the choice (see files/primary.py).
    `filename` gives the file another name.

    Raises:
        Denied: The actor may not edit the file, or a moderator has approved the version with the files that it has.
        Conflict: The version is sealed and the file is to be renamed, or the name belongs to another file.
        Invalid: A field has an unacceptable value.
        Rejected: The category does not allow the extension of the new name, or the content was not checked for it.
    """
    file = file_policy.ensure_locked("edit", actor, file, lock_file)
    is_chosen, filename = fields.pop("is_primary", None), fields.pop("filename", None)
    derived = {} if filename is None else _name_fields(file, filename)
    fields |= {"filename": derived["filename"]} if derived else {}
    changes = audit.changed_fields(file, fields)
    if is_chosen is not None and is_chosen != file.is_primary_choice:
        changes["is_primary"] = [file.is_primary_choice, is_chosen]
    if not changes:
        return file
    # The name, the platform and the choice of the primary file decide who gets which bytes, so they are approved, too.
    check_not_approved(actor, file.version)
    choose_primary_file(file, is_chosen)
    assign(file, fields | derived)
    file.save()
    elect_primary_file(file.version, file)
    if derived:
        remember_file(file)
    audit.record(actor=actor, action=AuditAction.FILE_UPDATE, target=file, changes=changes)
    webhooks.publish(actor=actor, event=EventType.FILE_UPDATED, target=file)
    return file


def _name_fields(file: File, filename: str) -> dict[str, Any]:
    """Return the fields of a file that change with its name. The caller holds the lock on the file.

    A name that was public stays reserved for the bytes that it stood for.
    """
    name = clean_name(filename)
    if name == file.filename:
        return {}
    check_not_sealed(file.version)
    check_name(file.version, name, Identity.of(file), replaces=file)
    check_new_name(file, name, rules_for(file.version))
    return {"filename": name, "folded_name": fold_name(name), "kind": kind_of(name)}


@transaction.atomic
def restore_file(*, actor: Actor, file: File, was_offered: bool = False) -> File:
    """Restore a soft-deleted file.

    Args:
        was_offered: The caller knows that the version had the file when it was approved.

    Raises:
        Denied: The actor may not restore it, or a moderator has approved the version without it.
        Conflict: The file is not deleted, another file has its name now, the version is sealed, or it has too many
            files.
        Rejected: A rule of the category or a quota does not allow the file.
    """
    file_policy.ensure("restore", actor, file)
    file = lock_file(file)
    if not needs_restore(actor, file, f"The file {file.filename}"):
        return file
    if not was_offered:
        check_takes_content(actor, file.version)
    if File.objects.filter(version=file.version, folded_name=file.folded_name).exists():
        raise Conflict(
            ErrorCode.FILE_NAME_TAKEN,
            f"Another file of this version is now named {file.filename}. Rename or delete it first.",
            field="filename",
        )
    check_name_is_free(file.version, file.filename, Identity.of(file))
    _check_room_for_restored(file)
    file.mark_restored()
    elect_primary_file(file.version, file)
    remember_file(file)
    count_files(file.version, int(file.validation_status == File.Validation.PASSED))
    audit.record(actor=actor, action=AuditAction.FILE_RESTORE, target=file)
    webhooks.publish(actor=actor, event=EventType.FILE_RESTORED, target=file)
    announce_new_content(actor, file.version)
    return file


def _check_room_for_restored(file: File) -> None:
    """Check the file as if it were added again: until now, it did not count for the limits of its version."""
    lock_quota(file.version.download.owner)
    validate(
        Candidate(
            file.version,
            file.filename,
            rules_for(file.version),
            file.size_bytes,
            reservation=file,
            is_link_only=file.blob is None,
            findings=standing_findings(file),
        )
    )
