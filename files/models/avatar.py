"""The pictures of users."""

from django.conf import settings
from django.db import models

from files.models.blob import Blob
from releasehub.core.models import TimeStampedModel


class Avatar(TimeStampedModel):
    """The picture of a user, as WebP. Everybody may see it, because names of users are on public pages."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="avatar")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="avatars")

    def __str__(self) -> str:
        return f"avatar of {self.user_id}"

    @property
    def path(self) -> str:
        """Return the path, which contains the digest of the bytes, so it never shows other bytes."""
        return f"/avatars/{self.user.public_id}/{self.blob.path_digest}.webp"
