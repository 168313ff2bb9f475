"""Moves of rows and files. `tests/faults` also runs moves of rows to a real PostgreSQL server."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection

from files.models import Blob, UploadSession
from files.storage import LocalStorage
from files.storage.s3 import S3Storage
from releasehub.operations import read_only
from releasehub.operations.errors import OperationError
from releasehub.operations.moves import database
from releasehub.operations.moves import files as moving
from releasehub.operations.moves.database import move_database
from releasehub.operations.moves.files import move_files
from tests.factories import make_file, make_loose_upload, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


class Elsewhere(LocalStorage):
    """A folder that stands in for S3. The move uses only methods that both storages have."""


@pytest.fixture
def elsewhere(local_storage: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    """The storage to move to. The hub begins with a folder of its own."""
    settings.DATA_DIR = tmp_path / "data"
    options = {"location": tmp_path / "elsewhere", "base_url": None}
    backend = "django.core.files.storage.FileSystemStorage"
    other = Elsewhere(storages.create_storage({"BACKEND": backend, "OPTIONS": options}))
    monkeypatch.setitem(moving.S3_OPTIONS, "bucket_name", "a-bucket")
    monkeypatch.setattr(moving, "S3Storage", lambda storage: other)
    return other


def keys_in(storage: LocalStorage) -> set[str]:
    return {item.key for item in storage.objects("blobs/")}


def test_files_are_copied_and_the_hub_waits_for_its_restart(elsewhere: LocalStorage) -> None:
    make_file(content=b"first")
    make_file(content=b"second")
    upload = make_loose_upload(make_user())
    UploadSession.objects.filter(pk=upload.pk).update(state=UploadSession.State.CREATED)
    result = move_files("s3")
    count = Blob.objects.count()
    assert (result.compared, result.copied, result.faults) == (count, count, {})
    assert keys_in(elsewhere) == set(Blob.objects.values_list("storage_key", flat=True))
    assert read_only.is_mode_on()
    upload.refresh_from_db()
    assert upload.state == UploadSession.State.EXPIRED


def test_second_run_copies_what_came_late_and_ends_the_mode(
    elsewhere: LocalStorage, local_storage: LocalStorage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_file(content=b"first")
    move_files("s3")
    make_file(content=b"late")
    settings.STORAGE_KIND = "s3"
    monkeypatch.setattr(moving, "blob_storage", lambda: elsewhere)
    monkeypatch.setattr(moving, "local_storage", lambda: settings.STORAGES["releases"])
    result = move_files("s3")
    assert (result.compared, result.copied, result.is_switched) == (2, 1, False)
    assert read_only.current_mode() is None


def test_interrupted_move_continues(elsewhere: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        make_file(content=b"bytes of %d" % number)
    copy, copied = moving._copy, []

    def interrupted(*arguments: Any) -> str:
        if len(copied) == 2:
            raise KeyboardInterrupt
        copied.append(copy(*arguments))
        return copied[-1]

    monkeypatch.setattr(moving, "_copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        move_files("s3")
    assert not read_only.is_mode_on()
    monkeypatch.setattr(moving, "_copy", copy)
    assert move_files("s3").copied == 1


def test_damaged_and_lost_files_are_named(elsewhere: LocalStorage, local_storage: LocalStorage) -> None:
    damaged, lost = (Blob.objects.get(pk=make_file(content=content).blob_id) for content in (b"good", b"lost"))
    (local_storage.root / damaged.storage_key).write_bytes(b"evil")
    local_storage.delete(lost.storage_key)
    errors = StringIO()
    with pytest.raises(CommandError, match="2 files could not be moved"):
        call_command("move_files", to="s3", stdout=StringIO(), stderr=errors)
    assert f"{damaged.storage_key} has content with a different SHA-256" in errors.getvalue()
    assert f"{lost.storage_key} is missing" in errors.getvalue()
    assert keys_in(elsewhere) == set()


def test_s3_needs_a_bucket(local_storage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(moving.S3_OPTIONS, "bucket_name", "")
    with pytest.raises(OperationError, match="AWS_STORAGE_BUCKET_NAME"):
        move_files("s3")
    assert S3Storage is moving.S3Storage


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite can be moved.")
@pytest.mark.parametrize("url", ["nonsense", "sqlite:////tmp/other.sqlite3"])
def test_only_postgresql_is_a_target(url: str, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with pytest.raises(OperationError, match="postgresql://"):
        move_database(url)
    assert not read_only.is_mode_on()


def test_url_comes_from_standard_input(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(sys, "stdin", StringIO(f"sqlite:///{tmp_path}/other.sqlite3\n"))
    with pytest.raises(CommandError, match="has to be PostgreSQL"):
        call_command("move_database", "-")


@pytest.mark.parametrize("was_on", [True, False])
def test_hub_whose_copy_is_in_use_already_stays_read_only(was_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter(["those of the source", "those of a target with newer rows"])
    monkeypatch.setattr(database, "table_figures", lambda snapshot, tables: next(figures))
    read_only.switch_on("an earlier move")
    with pytest.raises(OperationError, match="rows of its own"):
        database._compare(connection, was_on=was_on)
    assert (read_only.current_mode() is not None) == was_on
