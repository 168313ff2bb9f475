"""Quarantine: a moderator blocks bytes wherever the hub offers them, and lifts the block again.

The block belongs to the SHA-256, so it holds for every copy in every download, and for uploads of the same bytes. Each
file with these bytes points to the block (`File.quarantine`). Query sets and the gate need only that column.
"""

from functools import partial

from django.db import transaction
from django.utils import timezone

from files.models import File, Quarantine
from files.policies import file_policy
from files.public_names import Identity
from files.quarantine_mail import notify_owners
from files.quarantined_bytes import copies_of, lock_bytes, lock_digest, open_quarantine
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

MOVE_TASK = "files.move_quarantined"
RELATIONS = ("blob", "version__download__category", "version__download__owner")


@transaction.atomic
def quarantine_file(*, actor: Actor, file: File, reason: str) -> Quarantine:
    """Block the bytes of the file: every file with the same SHA-256, or only this one if its digest is unknown.

    Raises:
        Invalid: The reason is empty or too long.
        Conflict: The file is blocked already.
    """
    file_policy.ensure("quarantine", actor, file)
    sha256 = lock_bytes(file)
    reason = _cleaned(reason)
    if File.all_objects.filter(pk=file.pk, quarantine__isnull=False).exists():
        raise Conflict(ErrorCode.FILE_QUARANTINED, f"The file {file.filename} is in quarantine already.")
    quarantine = open_quarantine(sha256) or Quarantine.objects.create(
        sha256=sha256, filename=file.filename, reason=reason, created_by=actor.user
    )
    ids = copies_of(sha256, file)
    for single in Quarantine.objects.filter(ended_at=None, files__in=ids).exclude(pk=quarantine.pk):
        _end(single, actor.user)  # of a link that was blocked alone
    _block(actor, quarantine, ids)
    return quarantine


def apply_quarantine(file: File) -> Quarantine | None:
    """Return the block of a file whose digest has just become known, or None. The caller holds the lock on the file.

    Its bytes may be blocked already. If the file itself was blocked while its digest was unknown, the owner's other
    files with the same bytes are blocked now. If somebody else offers them too, only the file stays blocked: its owner
    decides what the link serves, and could otherwise have the files of others blocked.
    """
    sha256 = Identity.of(file).sha256
    lock_digest(sha256)
    known, own = open_quarantine(sha256), file.quarantine
    if own is None or own == known or not sha256:
        return known or own
    if known is not None:
        _end(own, None)
        return known
    copies = [pk for pk in copies_of(sha256, file) if pk != file.pk]
    if File.all_objects.filter(pk__in=copies).exclude(version__download__owner=file.version.download.owner_id).exists():
        return own
    own.sha256, own.moved_at = sha256, None
    own.save(update_fields=["sha256", "moved_at", "updated_at"])
    _block(system_actor(), own, copies)
    return own


def _block(actor: Actor, quarantine: Quarantine, ids: list[int]) -> None:
    files = _point_to(quarantine, ids)
    for row in files:
        _announce(actor, row, AuditAction.FILE_QUARANTINE, EventType.FILE_QUARANTINED, quarantine.reason)
    notify_owners(files, quarantine)
    transaction.on_commit(partial(hint, MOVE_TASK))


@transaction.atomic
def unquarantine_file(*, actor: Actor, file: File, reason: str = "") -> None:
    """Lift the block of the bytes of the file, for every file that it concerns.

    Raises:
        Conflict: The file is not blocked.
    """
    file_policy.ensure("quarantine", actor, file)
    lock_bytes(file)  # an upload that has just found the block finishes first, so that its file is among the others
    rows = Quarantine.objects.select_for_update().filter(ended_at=None, files=file.pk)
    quarantine: Quarantine | None = rows.first()
    if quarantine is None:
        raise Conflict(ErrorCode.FILE_STATE, f"The file {file.filename} is not in quarantine.")
    files = _point_to(None, list(quarantine.files.order_by("pk").values_list("pk", flat=True)))
    _end(quarantine, actor.user)
    for row in files:
        _announce(actor, row, AuditAction.FILE_UNQUARANTINE, EventType.FILE_UNQUARANTINED, reason)
    notify_owners(files, quarantine)


def _end(quarantine: Quarantine, user: User | None) -> None:
    quarantine.ended_at, quarantine.ended_by = timezone.now(), user
    quarantine.save(update_fields=["ended_at", "ended_by", "updated_at"])


def _cleaned(reason: str) -> str:
    reason, limit = reason.strip(), Quarantine._meta.get_field("reason").max_length
    if not reason:
        raise Invalid("Enter the reason for blocking this file.", field="reason")
    if limit and len(reason) > limit:
        raise Invalid(f"The reason is longer than {limit} characters. Enter a shorter one.", field="reason")
    return reason


def _point_to(quarantine: Quarantine | None, ids: list[int]) -> list[File]:
    """Set the block of the files, and return them with what their events need."""
    # Only these columns: a service that changes a file at the same time waits for the row, and loads it afterwards.
    File.all_objects.filter(pk__in=ids).update(quarantine=quarantine, updated_at=timezone.now())
    return list(File.all_objects.filter(pk__in=ids).select_related(*RELATIONS).order_by("pk"))


def _announce(actor: Actor, file: File, action: AuditAction, event: EventType, reason: str) -> None:
    states = ["offered", "quarantined"] if action == AuditAction.FILE_QUARANTINE else ["quarantined", "offered"]
    audit.record(actor=actor, action=action, target=file, reason=reason, changes={"quarantine": states})
    webhooks.publish(actor=actor, event=event, target=file, reason=reason)
