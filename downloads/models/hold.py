"""Legal holds: while one is in force, nothing in its download may be deleted permanently."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from downloads.models.download import Download


class LegalHold(models.Model):
    """The order to delete nothing in a download permanently.

    It covers versions, files, pictures, comments, audit rows and events.

    The row exists as long as the hold is in force. The audit log records when it was placed and lifted. `PROTECT` makes
    the database refuse to erase the download even where a deletion forgets to ask `downloads.holds`.
    """

    download = models.OneToOneField(Download, on_delete=models.PROTECT, related_name="legal_hold")
    reason = models.CharField(max_length=500)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-placed_at", "-id"]
        permissions = [("hold_download", "Can place and lift legal holds")]

    def __str__(self) -> str:
        return f"legal hold on {self.download}"
