"""Records of backups, and the read-only mode."""

from django.db import models
from django.utils import timezone

MAX_TARGET_CHARACTERS = 500
MAX_ERROR_CHARACTERS = 1000


class BackupRun(models.Model):
    """A backup that was completed, or that failed.

    Attributes:
        backup_id: The name of the backup in its target; empty if the run failed before it had one.
        stored_bytes: What the run added to the target. Files that the target already had are not copied again.
        verified_at: When `verify_backup` last found the backup without a fault.
    """

    backup_id = models.CharField("backup ID", max_length=40, blank=True)
    target = models.CharField(max_length=MAX_TARGET_CHARACTERS)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(default=timezone.now)
    is_complete = models.BooleanField("complete")
    error = models.CharField(max_length=MAX_ERROR_CHARACTERS, blank=True)
    file_count = models.PositiveBigIntegerField("files", default=0)
    new_file_count = models.PositiveBigIntegerField("new files", default=0)
    size_bytes = models.PositiveBigIntegerField("size (bytes)", default=0)
    stored_bytes = models.PositiveBigIntegerField("stored (bytes)", default=0)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-finished_at", "-id"]
        indexes = [models.Index(fields=["is_complete", "-finished_at"], name="backup_newest")]

    def __str__(self) -> str:
        return self.backup_id or f"failed backup of {self.started_at:%Y-%m-%d %H:%M}"


class ReadOnlyMode(models.Model):
    """The only row exists while the hub is read-only.

    Attributes:
        reason: The rest of a sentence that begins with "The hub is read-only".
        ends_with_storage: Processes with this RELEASEHUB_STORAGE are no longer read-only. If it is empty, the mode ends
            only with `read_only off`.
    """

    reason = models.CharField(max_length=200)
    since = models.DateTimeField()
    ends_with_storage = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return f"read-only since {self.since:%Y-%m-%d %H:%M}"
