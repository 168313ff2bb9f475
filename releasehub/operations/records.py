"""The records of backups, for the dashboard, the metrics and the checks of the operator."""

from datetime import datetime
from typing import TypedDict

from django.utils import timezone

from releasehub.operations.models import MAX_ERROR_CHARACTERS, MAX_TARGET_CHARACTERS, BackupRun

MAX_RUNS = 200


class BackupFigures(TypedDict, total=False):
    """The contents of a complete backup in figures. See `BackupRun` for their meaning."""

    file_count: int
    new_file_count: int
    size_bytes: int
    stored_bytes: int


def last_backup() -> BackupRun | None:
    """Return the newest complete backup, or None if the hub was never backed up.

    Records are added in order. Their times are not in order if the clock was wrong.
    """
    return BackupRun.objects.filter(is_complete=True).order_by("-pk").first()


def last_failure() -> BackupRun | None:
    """Return the newest failed backup if no complete backup followed it."""
    newest = BackupRun.objects.order_by("-pk").first()
    return newest if newest is not None and not newest.is_complete else None


def record_backup(backup_id: str, *, target: str, started_at: datetime, figures: BackupFigures) -> None:
    """Record a complete backup, and forget all but the newest records. Recording it again has no effect."""
    values = {**figures, "started_at": started_at, "is_complete": True}
    BackupRun.objects.get_or_create(backup_id=backup_id, target=target[:MAX_TARGET_CHARACTERS], defaults=values)
    oldest_kept = BackupRun.objects.order_by("-pk").values_list("pk", flat=True)[:MAX_RUNS]
    BackupRun.objects.exclude(pk__in=list(oldest_kept)).delete()


def record_failure(*, target: str, started_at: datetime, error: str) -> None:
    """Record that a backup failed, so that staff see it before they need the backup."""
    BackupRun.objects.create(
        target=target[:MAX_TARGET_CHARACTERS],
        started_at=started_at,
        is_complete=False,
        error=error[:MAX_ERROR_CHARACTERS],
    )


def record_verification(backup_id: str) -> None:
    """Record that every digest of the backup was just found to be right."""
    BackupRun.objects.filter(backup_id=backup_id).update(verified_at=timezone.now())
