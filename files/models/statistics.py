"""Downloads of files, counted by day, and figures of the whole hub."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from files.models.file import File


class DownloadGrant(models.Model):
    """A download event: a client received the bytes of a file.

    `visitor` is a keyed hash that identifies a visitor for one day. `is_folded` marks aggregated events.
    """

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField(default=timezone.now)
    visitor = models.CharField(max_length=32)
    is_bot = models.BooleanField(default=False)
    is_folded = models.BooleanField(default=False)
    is_counted = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="grant_waiting", condition=Q(is_folded=False)),
            models.Index(fields=["granted_at"], name="grant_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} at {self.granted_at}"


class DownloadDay(models.Model):
    """The number of downloads of a file on one day (UTC). Repeats by a visitor within an hour count once."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    downloads = models.PositiveBigIntegerField(default=0)
    bot_downloads = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "day"], name="download_day_once")]
        indexes = [models.Index(fields=["day"], name="download_day")]

    def __str__(self) -> str:
        return f"{self.file_id} on {self.day}: {self.downloads}"


class HubDay(models.Model):
    """Figures of the whole hub on one day (UTC). See files/hub_days.py.

    Attributes:
        downloads: Without bots, as `DownloadDay.downloads`.
        uploads: The number of files that were added, including those that were deleted later.
        stored_bytes: The size of all stored objects at the end of the day; null if the day was not measured.
    """

    day = models.DateField(unique=True)
    downloads = models.PositiveBigIntegerField(default=0)
    uploads = models.PositiveBigIntegerField(default=0)
    uploaded_bytes = models.PositiveBigIntegerField(default=0)
    stored_bytes = models.PositiveBigIntegerField(null=True)
    stored_count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"figures of {self.day}"
