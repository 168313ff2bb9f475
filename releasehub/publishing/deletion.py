"""Delete downloads, versions and files.

A soft deletion hides a row until the retention window ends. A hard deletion erases the rows, and after the commit
the bytes that no other row refers to.
"""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from downloads.holds import ensure_not_held
from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import lock_download, mark_download_deleted
from files.models import File
from files.policies import file_policy
from files.primary import elect_primary_file
from files.public_names import note_reason
from files.services import count_files, lock_file
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.tasks import hint
from releasehub.publishing.erasing import one
from releasehub.publishing.lifecycle import move
from releasehub.publishing.purge_registry import ensure_alive, ensure_deletable
from releasehub.publishing.transitions import Move
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.endpoints import delete_endpoints_of
from releasehub.webhooks.events import EventType
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version, tally_changes


def delete_download(*, actor: Actor, download: Download, hard: bool = False, reason: str = "") -> None:
    """Hide a download (soft), or erase it with all versions and files (hard).

    Raises:
        Denied: The actor may not delete it. A denied hard deletion is recorded in the audit log.
        Conflict: It is already deleted, or it is to be erased and is under a legal hold.
    """
    ensure_deletable(download_policy, actor, download, hard=hard)
    with transaction.atomic():
        download = lock_download(download.pk, for_erasure=hard)
        download_policy.ensure("delete", actor, download, hard=hard)
        if not hard:
            ensure_alive(download)
            mark_download_deleted(actor=actor, download=download, reason=reason)
            return
        # Everything that needs the rows comes before they are erased: the ids of the blobs, the audit row, the event
        # with its snapshot, and the reason that visitors of the old URLs are shown.
        ensure_not_held(download.pk)
        erasure = one(download)
        _schedule_erasing(erasure.blob_ids)
        delete_endpoints_of(actor=actor, download_id=download.pk)
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_DELETE_HARD, target=download, reason=reason)
        webhooks.publish(actor=actor, event=EventType.DOWNLOAD_DELETED, target=download, hard=True, reason=reason)
        download.public_slugs.update(
            was_open_to_all=download_policy.is_open_to(Actor(), download),
            reason=(reason or download.delete_reason)[:500],
        )
        erasure.all_files.delete()
        download.delete()


def delete_version(*, actor: Actor, version: Version, hard: bool = False, reason: str = "") -> None:
    """Hide a version (soft), or erase it and its files (hard). An active one steps down.

    The number stays reserved if it was public; erasing a draft frees it.

    Raises:
        Denied: The actor may not delete it. A denied hard deletion is recorded in the audit log.
        Conflict: It is already deleted, or it is to be erased and is under a legal hold.
    """
    if not hard:
        move(Move.DELETE, actor=actor, version=version, reason=reason)
        return
    ensure_deletable(version_policy, actor, version, hard=True)
    with transaction.atomic():
        version = lock_version(version)
        version_policy.ensure("delete", actor, version, hard=True)
        ensure_not_held(version.download_id)
        erasure = one(version)
        _schedule_erasing(erasure.blob_ids)
        audit.record(actor=actor, action=AuditAction.VERSION_DELETE_HARD, target=version, reason=reason)
        webhooks.publish(actor=actor, event=EventType.VERSION_DELETED, target=version, hard=True, reason=reason)
        version.public_numbers.update(was_open=version.is_open, reason=(reason or version.delete_reason)[:500])
        erasure.all_files.delete()
        with tally_changes(version):
            version.delete()


def delete_file(*, actor: Actor, file: File, hard: bool = False, reason: str = "") -> None:
    """Hide a file (soft), or erase it (hard). Once public, its name stays reserved for the same bytes.

    Raises:
        Denied: The actor may not delete it. A denied hard deletion is recorded in the audit log.
        Conflict: It is already deleted, its version is sealed and the deletion is soft, or the deletion is hard and a
            legal hold forbids it.
    """
    ensure_deletable(file_policy, actor, file, hard=hard)
    with transaction.atomic():
        file = lock_file(file)
        file_policy.ensure("delete", actor, file, hard=hard)
        if hard:
            ensure_not_held(file.version.download_id)
        else:
            ensure_alive(file)
            _ensure_unsealed(file.version)
        note_reason(file, reason)
        if not file.is_deleted:
            count_files(file.version, -int(file.validation_status == File.Validation.PASSED))
        if hard:
            _schedule_erasing(one(file).blob_ids)
            audit.record(actor=actor, action=AuditAction.FILE_DELETE_HARD, target=file, reason=reason)
            webhooks.publish(actor=actor, event=EventType.FILE_DELETED, target=file, hard=True, reason=reason)
            version = file.version
            file.delete()
            elect_primary_file(version)
        else:
            audit.record(actor=actor, action=AuditAction.FILE_DELETE_SOFT, target=file, reason=reason)
            file.mark_deleted(by=actor.user, reason=reason)
            elect_primary_file(file.version, file)
            webhooks.publish(actor=actor, event=EventType.FILE_DELETED, target=file, hard=False, reason=reason)


def _ensure_unsealed(version: Version) -> None:
    if version.sealed_at:
        raise Conflict(
            ErrorCode.VERSION_IS_SEALED,
            "This version is sealed, so its files cannot be deleted. Yank the version instead.",
        )


def _schedule_erasing(blob_ids: Iterable[int]) -> None:
    """Erase unreferenced blobs in a worker after the current transaction commits.

    Bytes cannot be rolled back: if they were erased earlier, a failed transaction would leave files without content.
    """
    ids = list(blob_ids)
    if ids:
        transaction.on_commit(partial(hint, "files.erase_blobs", ids))


@transaction.atomic
def delete_inactive_version(*, actor: Actor, version: Version) -> None:
    """Soft-delete the version, as `delete_version` does.

    Raises:
        Conflict: The version is active. Another version has to be made active first.
    """
    version_policy.ensure("delete", actor, version)
    version = lock_version(version)
    if version.is_active:
        raise Conflict(
            ErrorCode.VERSION_IS_ACTIVE,
            f"Version {version.number} is the active version. Make another version active before you delete it.",
        )
    move(Move.DELETE, actor=actor, version=version)
