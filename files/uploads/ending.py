"""End uploads straight to storage: complete or abort them."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from files.models import UploadSession
from files.storage import blob_storage
from files.uploads.parts import MAX_SIGNED_PARTS, ensure_open, progress_of
from files.uploads.sessions import find_upload
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.tasks import hint

OPEN = Q(state=UploadSession.State.CREATED)
UNFINISHED = (UploadSession.State.CREATED, UploadSession.State.UPLOADED)


def check_complete(upload: UploadSession) -> None:
    """Check that all parts have arrived. This calls the storage, so call it before the transaction.

    Raises:
        Conflict: Parts are missing; `missing` lists their numbers.
    """
    if upload.state != UploadSession.State.CREATED:
        return
    if missing := progress_of(upload).missing:
        raise Conflict(
            ErrorCode.UPLOAD_INCOMPLETE,
            f"{len(missing)} of {upload.incoming.part_count} parts are missing or have the wrong size. "
            "Send these parts again, then complete the upload.",
            missing=missing[:MAX_SIGNED_PARTS],
        )


def mark_received(upload: UploadSession, **changes: Any) -> bool:
    """Let an open upload wait for its verification. Return whether it was still open."""
    changes |= {"state": UploadSession.State.UPLOADED, "last_active_at": timezone.now()}
    return upload.update_if(OPEN, **changes)


@transaction.atomic
def complete_upload(*, actor: Actor, upload: UploadSession) -> UploadSession:
    """Hand the upload to a worker, which verifies it. The call is idempotent.

    Raises:
        Conflict: The upload was aborted or has expired.
    """
    upload = find_upload(actor, upload.public_id)
    # A conditional update, so that of two parallel requests only one sends the hint, and an upload that was aborted
    # meanwhile stays aborted.
    if mark_received(upload):
        transaction.on_commit(partial(hint, "files.verify_upload", upload.pk))
    upload.refresh_from_db()
    if upload.state == UploadSession.State.EXPIRED:
        ensure_open(upload)
    return upload


def abort_upload(*, actor: Actor, upload: UploadSession) -> None:
    """Abort the upload and delete its bytes.

    Raises:
        Conflict: The upload is being verified, or is already confirmed.
    """
    # The row ends before the bytes are deleted. In the other order, a worker could verify an upload without bytes.
    if not end_upload(upload, UploadSession.State.EXPIRED, actor=actor):
        upload.refresh_from_db()
        if upload.state in {UploadSession.State.UPLOADED, UploadSession.State.CONFIRMED}:
            raise Conflict(
                ErrorCode.UPLOAD_STATE,
                f"This upload is {upload.state} and can no longer be aborted. Delete its file instead.",
            )
    blob_storage().drop_incoming(upload.incoming)


def drop_late_part(upload: UploadSession) -> bool:
    """Delete what a slow request has stored after its upload ended. Return whether the upload has ended.

    The parts of an upload that is being verified stay: its worker deletes them.
    """
    if UploadSession.objects.filter(pk=upload.pk, state__in=UNFINISHED).exists():
        return False
    blob_storage().drop_incoming(upload.incoming)
    return True


@transaction.atomic
def end_upload(upload: UploadSession, state: UploadSession.State, *, actor: Actor | None = None) -> bool:
    """End an open upload. Return whether it was still open."""
    if not upload.update_if(OPEN, state=state):
        return False
    if actor is not None:
        audit.record(actor=actor, action=AuditAction.UPLOAD_ABORT, target=upload)
    return True


def expire_all_uploads() -> int:
    """End all open uploads, because the storage that holds their parts is not in use any more; return their number."""
    open_uploads = UploadSession.objects.filter(state__in=UNFINISHED)
    return open_uploads.update(state=UploadSession.State.EXPIRED, updated_at=timezone.now())
