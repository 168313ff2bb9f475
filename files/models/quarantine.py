"""Bytes that a moderator has blocked."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from releasehub.core.models import TimeStampedModel


class Quarantine(TimeStampedModel):
    """A block of certain bytes. `File.quarantine` points from every file with these bytes to the block.

    Attributes:
        sha256: The digest of the blocked bytes. It is empty for a link whose bytes the hub never read; then only the
            file that the moderator chose is blocked.
        reason: The text that visitors see.
        ended_at: When a moderator lifted the block; null while it lasts.
        moved_at: When the stored object got another key, so that signed URLs of the storage stopped working.
    """

    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    filename = models.CharField(max_length=255)
    reason = models.CharField(max_length=500)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    moved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(ended_at__isnull=True, sha256__gt=""), name="quarantine_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="quarantine_open", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["id"], name="quarantine_to_move", condition=Q(moved_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"quarantine of {self.filename}"
