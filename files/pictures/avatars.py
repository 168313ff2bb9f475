"""Set and remove the picture of a user. It is decoded and encoded again, as the pictures of downloads are."""

from functools import partial

from django.db import transaction

from files.blobs import release_claim
from files.models import Avatar, Blob
from files.pictures.formats import AVATAR
from files.pictures.storing import decode_upload, keep_size
from files.storage.streaming import StagedUpload
from releasehub.accounts.models import User
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.locks import lock_row
from releasehub.core.tasks import hint


def receive_avatar(*, actor: Actor, user: User, upload: StagedUpload) -> None:
    """Decode the upload and make it the picture of the user. Call it outside a transaction.

    Raises:
        Denied: It is not the actor's own.
        Rejected: The upload is not a picture that the hub accepts.
        TooMany: Many pictures arrive at the same time.
    """
    user_policy.ensure("change_avatar", actor, user)
    blob = keep_size(decode_upload(upload, AVATAR).sizes[-1])
    try:
        _replace(actor, user, blob)
    except BaseException:
        release_claim(blob)
        raise


def remove_avatar(*, actor: Actor, user: User, reason: str = "") -> None:
    """Remove the picture. Pages show the initials of the user instead.

    Raises:
        Denied: It is not the actor's own, and the actor may not moderate it.
    """
    # Moderators see the pictures on public pages, but not the accounts, so the answer does not depend on `can_view`.
    if not user_policy.can_remove_avatar(actor, user):
        user_policy.ensure("change_avatar", actor, user)
    _replace(actor, user, None, reason)


@transaction.atomic
def _replace(actor: Actor, user: User, blob: Blob | None, reason: str = "") -> None:
    user = lock_row(user)
    if blob is not None or not user_policy.can_remove_avatar(actor, user):
        user_policy.ensure("change_avatar", actor, user)
    before = user.avatar_path
    erase_avatar(actor=actor, user=user)
    if blob is not None:
        user.avatar_path = Avatar.objects.create(user=user, blob=blob).path
        user.save(update_fields=["avatar_path"])
    if before != user.avatar_path:
        changes = {"avatar_path": [before, user.avatar_path]}
        audit.record(actor=actor, action=AuditAction.USER_UPDATE, target=user, changes=changes, reason=reason)


def erase_avatar(*, actor: Actor, user: User) -> None:
    """Delete the row, and erase the bytes after the commit. The caller holds the lock on the user."""
    rows = Avatar.objects.filter(user=user)
    blob_ids = list(rows.values_list("blob_id", flat=True))
    rows.delete()
    if user.avatar_path:
        user.avatar_path = ""
        user.save(update_fields=["avatar_path"])
    if blob_ids:
        transaction.on_commit(partial(hint, "files.erase_blobs", blob_ids))
