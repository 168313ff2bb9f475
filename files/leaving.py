"""Erase the IP addresses from which a user whose account is anonymized has uploaded."""

from files.models import UploadSession
from releasehub.accounts.models import User
from releasehub.core.actor import Actor


def clear_upload_addresses(*, actor: Actor, user: User) -> None:
    """Clear the addresses in the uploads of the user. An unfinished upload expires, because its user is inactive."""
    uploads = UploadSession.objects.select_for_update().filter(user=user, acting__address__isnull=False)
    for upload in uploads.only("acting").order_by("pk"):
        UploadSession.objects.filter(pk=upload.pk).update(acting={**upload.acting, "address": None})
