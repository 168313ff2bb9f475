"""Records of backups."""

from __future__ import annotations

import pytest
from django.utils import timezone

from releasehub.operations.models import BackupRun
from releasehub.operations.records import (
    MAX_RUNS,
    last_backup,
    last_failure,
    record_backup,
    record_failure,
    record_verification,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def record(backup_id: str) -> None:
    record_backup(backup_id, target="/backups", started_at=timezone.now(), figures={"file_count": 3})


def test_a_hub_without_backups_has_no_last_one() -> None:
    assert last_backup() is None
    assert last_failure() is None


def test_a_failed_run_is_not_the_last_backup() -> None:
    record("first")
    record_failure(target="/backups", started_at=timezone.now(), error="The disk is full.")
    found, failure = last_backup(), last_failure()
    assert found
    assert failure
    assert (found.backup_id, found.file_count, failure.error) == ("first", 3, "The disk is full.")
    record("second")
    assert last_failure() is None


def test_a_backup_is_recorded_once_and_verified_later() -> None:
    record("first")
    record("first")
    record_verification("first")
    backup = BackupRun.objects.get()
    assert backup.verified_at is not None


def test_old_records_are_deleted() -> None:
    moment = timezone.now()
    BackupRun.objects.bulk_create(
        BackupRun(backup_id=str(number), target="/b", started_at=moment, finished_at=moment, is_complete=True)
        for number in range(MAX_RUNS)
    )
    record("newest")
    assert BackupRun.objects.count() == MAX_RUNS
    newest = last_backup()
    assert newest
    assert newest.backup_id == "newest"
