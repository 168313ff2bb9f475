"""Scheduled work: each task does its job, may run twice, and says what it could not do."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from files import tasks
from files.inspection.scanner import ScannerUnavailable
from files.models import Blob, DownloadGrant, File
from files.storage import blob_storage
from files.uploads import tasks as upload_tasks
from releasehub.core.errors import StorageUnavailable
from releasehub.distribution import tasks as download_tasks
from releasehub.publishing import tasks as publishing_tasks
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.releases import create_version
from releasehub.server.celery import app
from tests.factories import make_download, make_file, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


def test_every_scheduled_task_exists_and_has_a_queue() -> None:
    app.loader.import_default_modules()
    names = [entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()]
    assert [name for name in names if name not in app.tasks] == []
    subjects = {"files", "api", "webhooks", "audit", "accounts", "mail", "community", "search", "importing"}
    assert {name.split(".")[0] for name in names} <= subjects


def test_due_versions_are_published_and_failures_are_logged(caplog: Any) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    download = make_download()
    ready, empty = (
        create_version(actor=system(), download_id=download.pk, number=number, state="scheduled", publish_at=soon)
        for number in ("1.0", "2.0")
    )
    make_file(ready)
    Version.objects.update(publish_at=timezone.now() - timedelta(minutes=1))
    assert (publishing_tasks.publish_due(), publishing_tasks.publish_due()) == (1, 0)
    assert Version.objects.get(pk=ready.pk).state == "published"
    assert Version.objects.get(pk=empty.pk).state == "scheduled"
    assert "has no files, so it cannot be published" in caplog.text


def test_purge_command_prints_the_counts() -> None:
    file = make_file()
    delete_file(actor=system(), file=file)
    File.all_objects.update(deleted_at=timezone.now() - timedelta(days=3))
    out = StringIO()
    call_command("purge_deleted", "--older-than=2", stdout=out)
    assert "1 files" in out.getvalue()
    assert set(publishing_tasks.purge().values()) == {0}
    assert tasks.sweep_blobs() == 1
    assert Blob.objects.count() == 0


def test_sample_of_stored_files_is_compared(local_storage: Any, caplog: Any) -> None:
    good, bad = make_file(), make_file()
    (local_storage.root / bad.blob.storage_key).unlink()  # type: ignore[union-attr]
    assert tasks.verify_sample() == 1
    assert bad.blob is not None
    assert good.blob is not None
    assert bad.blob.sha256 in caplog.text
    assert good.blob.sha256 not in caplog.text


def test_collect_garbage_prints_what_it_removed(local_storage: Any, caplog: Any) -> None:
    blob = make_file().blob
    File.all_objects.all().delete()
    caplog.set_level("INFO")
    assert (tasks.collect(), tasks.collect()) == (1, 0)
    assert blob is not None
    assert blob.storage_key in caplog.text


def test_downloads_are_aggregated() -> None:
    file = make_file()
    DownloadGrant.objects.create(file=file, visitor="a")
    assert (download_tasks.aggregate_downloads(), download_tasks.aggregate_downloads()) == (1, 0)


@pytest.mark.parametrize("trouble", [StorageUnavailable(), ScannerUnavailable("clamd is away")])
def test_validation_is_retried_if_the_storage_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    file = make_file(make_version())
    File.objects.update(validation_status="pending", updated_at=timezone.now() - timedelta(minutes=5))

    def broken(*args: Any) -> Any:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr("files.uploads.validating.inspect", broken)
        upload_tasks.sweep_uploads()
    assert File.objects.get(pk=file.pk).validation_status == "pending"
    upload_tasks.sweep_uploads()
    assert File.objects.get(pk=file.pk).validation_status == "passed"


def test_scanner_finding_is_reported(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    file = make_file(content=b"bad bytes")
    File.objects.update(validation_status="pending")
    settings.SCANNER_ADDRESS = "127.0.0.1:1"
    seen: list[bytes] = []

    def scan(chunks: Any, *, address: str) -> str:
        seen.append(b"".join(chunks))
        return "Test.Virus"

    monkeypatch.setattr("files.inspection.content.scan", scan)
    upload_tasks.validate(file.pk)
    file.refresh_from_db()
    assert (file.validation_status, seen) == ("failed", [b"bad bytes"])
    assert file.findings[0]["message"] == "The malware scanner found Test.Virus in this file. Upload a clean file."
    assert blob_storage().size(file.blob.storage_key)  # type: ignore[union-attr]
