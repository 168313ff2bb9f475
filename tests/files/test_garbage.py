"""Garbage collection removes unused objects and keeps objects in use."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from files.blobs import keep_upload
from files.garbage import collect_garbage, find_garbage
from files.models import Blob, File, UploadSession
from files.storage import blob_storage
from files.uploads.ending import complete_upload
from files.uploads.sessions import begin_upload, open_incoming
from files.uploads.verification import verify_upload
from releasehub.core.errors import StorageUnavailable
from releasehub.publishing.deletion import delete_file
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_version, stage, system

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_storage")]
AT_ONCE = timedelta(seconds=-1)


def begin(**fields: Any) -> UploadSession:
    incoming = open_incoming(size_bytes=3, part_bytes=None)
    return begin_upload(actor=system(), version=make_version(), filename="x.bin", incoming=incoming, **fields)


def send(upload: UploadSession) -> None:
    storage: Any = blob_storage()
    storage.receive_part(upload.storage_key, 1, BytesIO(b"abc"), 3, sha256="", md5="")


def kinds() -> list[str]:
    return sorted(item.kind for item in find_garbage(older_than=AT_ONCE))


def test_objects_in_use_are_not_garbage() -> None:
    make_file()
    send(begin())
    keep_upload(stage(b"claimed"))
    uploaded = begin()
    send(uploaded)
    UploadSession.objects.filter(pk=uploaded.pk).update(state="uploaded", final_key="blobs/aa/moving")
    (blob_storage().root / "blobs/aa").mkdir(parents=True)  # type: ignore[attr-defined]
    (blob_storage().root / "blobs/aa/moving").write_bytes(b"abc")  # type: ignore[attr-defined]
    assert kinds() == []


def test_all_garbage_is_found_listed_and_removed() -> None:
    live = make_file()
    dead = stage(b"no row knows me")
    send(aborted := begin())
    UploadSession.objects.filter(pk=aborted.pk).update(state="failed")
    send(forgotten := begin())
    UploadSession.objects.filter(pk=forgotten.pk).update(last_active_at=timezone.now() - timedelta(days=8))
    unused = keep_upload(stage(b"unused"))
    Blob.objects.filter(pk=unused.pk).update(claimed_until=None)
    staging = blob_storage().root / "staging"  # type: ignore[attr-defined]
    (staging / "half").write_bytes(b"half a fi")
    assert kinds() == ["blob", "expired upload", "incoming", "object", "unfinished"]
    listed, removed = StringIO(), StringIO()
    call_command("collect_garbage", "--dry-run", "--older-than=-0.001", stdout=listed, stderr=StringIO())
    call_command("collect_garbage", "--older-than=-0.001", stdout=removed, stderr=StringIO())
    assert sorted(listed.getvalue().splitlines()) == sorted(removed.getvalue().splitlines())
    assert dead.key in listed.getvalue()
    assert kinds() == []
    assert UploadSession.objects.get(pk=forgotten.pk).state == "expired"
    assert blob_storage().size(live.blob.storage_key)  # type: ignore[union-attr]


def test_recent_objects_are_not_garbage() -> None:
    stage(b"an upload that is being answered")
    assert collect_garbage() == []


@pytest.mark.embedded
@pytest.mark.parametrize("damage", ["missing", "shorter", "other bytes"])
def test_verify_storage_lists_damaged_files(damage: str) -> None:
    good, bad = make_file(), make_file(content=b"0123456789")
    path = blob_storage().root / bad.blob.storage_key  # type: ignore[union-attr, attr-defined]
    changes: dict[str, Callable[[], Any]] = {
        "missing": path.unlink,
        "shorter": lambda: os.truncate(path, 4),
        "other bytes": lambda: path.write_bytes(b"9876543210"),
    }
    changes[damage]()
    listed = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_storage", stdout=listed, stderr=StringIO())
    assert [line.split("\t")[0] for line in listed.getvalue().splitlines()] == [bad.blob.storage_key]  # type: ignore[union-attr]
    client = ApiClient(make_key(bad.version.download.owner))
    assert client.get(f"/api/mc-dm-files/{bad.pk}/download/").status_code == 503
    assert Blob.objects.get(pk=good.blob_id).state == "stored"
    healed = keep_upload(stage(b"0123456789"))
    assert healed.pk == bad.blob_id
    call_command("verify_storage", stdout=StringIO(), stderr=StringIO())
    answer: Any = client.get(f"/api/mc-dm-files/{bad.pk}/download/")
    assert b"".join(answer) == b"0123456789"


def test_storage_that_does_not_answer_changes_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file()

    def broken(*args: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(type(blob_storage()), "size", broken)
    with pytest.raises(CommandError, match="storage cannot be reached"):
        call_command("verify_storage", stdout=StringIO(), stderr=StringIO())
    assert Blob.objects.get(pk=file.blob_id).state == "stored"


def test_hard_deleted_file_leaves_no_bytes(run_tasks: Any) -> None:
    file = make_file()
    key = file.blob.storage_key  # type: ignore[union-attr]
    with run_tasks():
        delete_file(actor=system(), file=File.objects.select_related("blob", "version__download").get(), hard=True)
    assert blob_storage().size(key) is None


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_collect_garbage_removes_nothing_in_use_during_confirmations() -> None:
    """30 uploads are verified by four workers while the collector, with no grace at all, runs again and again."""
    version, uploads = make_version(), []
    for number in range(30):
        content = f"{number:03}".encode()
        incoming = open_incoming(size_bytes=3, part_bytes=None)
        upload = begin_upload(actor=system(), version=version, filename=f"{content.decode()}.bin", incoming=incoming)
        storage: Any = blob_storage()
        storage.receive_part(upload.storage_key, 1, BytesIO(content), 3, sha256="", md5="")
        uploads.append(complete_upload(actor=system(), upload=upload))
    orphans = [stage(b"orphan %d" % number).key for number in range(20)]
    left, removed, is_over = iter(uploads), set(), Event()

    def verify() -> None:
        for upload in left:
            verify_upload(upload.pk)
        connection.close()

    def collect() -> None:
        while not is_over.is_set():
            removed.update(item.name for item in collect_garbage(older_than=AT_ONCE))
        connection.close()

    workers, collector = [Thread(target=verify) for _ in range(4)], Thread(target=collect)
    for thread in (*workers, collector):
        thread.start()
    for thread in workers:
        thread.join()
    is_over.set()
    collector.join()
    collect_garbage(older_than=AT_ONCE)
    assert File.objects.count() == 30
    for file in File.objects.select_related("blob"):
        assert file.blob is not None
        with blob_storage().open(file.blob.storage_key) as handle:
            assert handle.read() == file.filename[:3].encode()
    assert removed >= set(orphans)
    assert {item.key for item in blob_storage().objects("")} == set(Blob.objects.values_list("storage_key", flat=True))
