"""The uploads and the picture of a user: how they are exported, or erased when the account is anonymized."""

from typing import Any

from files.models import Avatar, UploadSession
from releasehub.accounts.models import User
from releasehub.core.actor import Actor


def export_avatar(user: User) -> Any:
    """Return the path of the picture and when it was set, or None."""
    avatar = Avatar.objects.select_related("blob", "user").filter(user=user).first()
    return avatar and {"path": avatar.path, "set_at": avatar.created_at}


def clear_upload_addresses(*, actor: Actor, user: User) -> None:
    """Clear the addresses in the uploads of the user. An unfinished upload expires, because its user is inactive."""
    uploads = UploadSession.objects.select_for_update().filter(user=user, acting__address__isnull=False)
    for upload in uploads.only("acting").order_by("pk"):
        UploadSession.objects.filter(pk=upload.pk).update(acting={**upload.acting, "address": None})
