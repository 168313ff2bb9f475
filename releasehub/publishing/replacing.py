"""Put a file into a version under a name that another file may have, as `PUT` does."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from files.models import Blob, File, PublicFileName
from files.names import fold_name
from files.quarantined_bytes import lock_digest
from files.services import add_file, restore_file, same_file
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.publishing.deletion import delete_file
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version

REASON = "replaced by another upload"
STILL_THERE = "The file that was published under this name is still there."
RESTORABLE_SECONDS = 60  # release tools send the new file at once after they have deleted the old one


def replaceable_file(version: Version, filename: str) -> File | None:
    """Return the file of that name if a new one may replace it: the version is not published."""
    return None if version.is_released else same_file(version, filename)


@transaction.atomic
def put_file(*, actor: Actor, version: Version, replaces: File | None, blob: Blob, **fields: Any) -> File:
    """Add a file in the place of `replaces`, which is soft-deleted. `fields` are the other arguments of `add_file`.

    Raises:
        DomainError: As `delete_file` and `add_file`. Other bytes under a name that was public are a conflict.
    """
    if replaces is not None:
        version_policy.ensure("upload", actor, version)
        # The new bytes may be the old ones. A moderator who blocks them locks the digest before the files, too, so that
        # the two transactions do not wait for each other.
        lock_version(version)
        lock_digest(blob.sha256)
        delete_file(actor=actor, file=replaces, reason=REASON)
    return add_file(actor=actor, version=version, blob=blob, **fields)


def undo_replacement(*, actor: Actor, version: Version, filename: str, begun_at: datetime, error: Exception) -> None:
    """Restore a published file that the actor deleted right before an upload under its name, which has failed.

    Tools that replace files, such as `gh release upload --clobber`, delete the old file first. A name that was public
    belongs to its bytes, so other bytes are refused, and without this the release would have lost the file. A file that
    the same user has withdrawn elsewhere, such as on a page, stays deleted.

    Args:
        begun_at: When the upload began.
        error: Why the upload failed. Its message then also says that the file is still there.
    """
    restored = _restore_deleted(actor, version, filename, begun_at)
    if restored is not None and isinstance(error, DomainError):
        error.message = f"{error.message} {STILL_THERE}"


def _restore_deleted(actor: Actor, version: Version, filename: str, begun_at: datetime) -> File | None:
    """Return the restored file, or None if there is none to restore or the actor may not restore it."""
    names = PublicFileName.objects.filter(version=version, folded_name=fold_name(filename))
    digest = names.exclude(sha256="").values_list("sha256", flat=True).first()
    if digest is None or actor.user is None:
        return None
    since = begun_at - timedelta(seconds=RESTORABLE_SECONDS)
    deleted = File.all_objects.select_related("blob").filter(
        version=version, folded_name=fold_name(filename), blob__sha256=digest, deleted_by=actor.user
    )
    file: File | None = deleted.filter(deleted_at__gte=since).order_by("-deleted_at").first()
    if file is None or not _was_deleted_by(actor, file):
        return None
    file.version = version
    try:
        return restore_file(actor=actor, file=file, was_offered=True)
    except DomainError:
        return None


def _was_deleted_by(actor: Actor, file: File) -> bool:
    """Return whether the last deletion was a request with the same API key, and not one of the user on a page."""
    deletions = AuditEntry.objects.filter(
        target_type=File._meta.model_name, target_id=file.pk, action=AuditAction.FILE_DELETE_SOFT
    )
    deletion = deletions.order_by("-id").first()
    return deletion is not None and (deletion.channel, deletion.api_key_id) == (actor.origin, actor.api_key_id)
