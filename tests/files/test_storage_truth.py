"""The storage check tells what is stored, missing, damaged and orphaned, and heals what it can."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from files import storage_scan
from files.blob_checks import verify_blobs
from files.blobs import keep_upload
from files.healing import recheck_blob, relink_blob
from files.models import Blob, File, StorageScan
from files.storage import blob_storage
from files.storage_scan import last_scan, scan_storage
from files.tasks import verify_sample
from files.usage_report import (
    DOWNLOAD,
    last_usage,
    measure_usage,
    storage_totals,
    usage_by_category,
    usage_by_download,
    usage_by_owner,
)
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, NotFound
from tests.factories import make_download, make_file, make_user, make_version, stage, system

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_storage"), pytest.mark.embedded]
LONG_AGO = (timezone.now() - timedelta(days=3)).timestamp()


def path_of(key: str) -> Any:
    return blob_storage().root / key  # type: ignore[attr-defined]


def blob_of(content: bytes) -> Blob:
    blob = make_file(content=content).blob
    assert blob is not None
    return blob


def orphan(content: bytes) -> str:
    """Store bytes that no row knows, as if that had happened days ago."""
    key = stage(content).key
    os.utime(path_of(key), (LONG_AGO, LONG_AGO))
    return key


def test_check_tells_missing_from_damaged_and_records_when() -> None:
    good, gone, bad = blob_of(b"good"), blob_of(b"gone"), blob_of(b"bad!")
    path_of(gone.storage_key).unlink()
    path_of(bad.storage_key).write_bytes(b"evil")
    found = {check.blob.pk: check.problem for check in verify_blobs(Blob.objects.all())}
    assert found == {good.pk: "", gone.pk: "missing", bad.pk: "has content with a different SHA-256"}
    totals = storage_totals(measure_usage())
    assert (totals.stored, totals.missing, totals.damaged, totals.unchecked) == ((1, 4), (1, 4), (1, 4), (0, 0))


def test_sample_takes_the_blobs_checked_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (blob_of(bytes([number])) for number in range(3))
    monkeypatch.setattr("files.tasks.VERIFIED_A_DAY", 2)
    Blob.objects.filter(pk=second.pk).update(checked_at=timezone.now() - timedelta(days=9))
    verify_sample()
    checked = Blob.objects.filter(checked_at__gt=timezone.now() - timedelta(days=1))
    assert {blob.pk for blob in checked} == {first.pk, third.pk}
    verify_sample()
    assert Blob.objects.get(pk=second.pk).checked_at > timezone.now() - timedelta(days=1)


def test_interrupted_check_goes_on_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = [blob_of(bytes([number])) for number in range(4)]
    checks = verify_blobs(Blob.objects.due_for_check())
    seen = [next(checks).blob.pk, next(checks).blob.pk]
    checks.close()
    err = StringIO()
    call_command("verify_storage", "--skip-hours=1", stderr=err)
    assert err.getvalue().startswith("2 files checked")
    assert seen == [blobs[0].pk, blobs[1].pk]


def test_command_lists_orphans() -> None:
    blob_of(b"known")
    key = orphan(b"unknown")
    stage(b"of a request that is under way")
    out, err = StringIO(), StringIO()
    call_command("verify_storage", "--orphans", stdout=out, stderr=err)
    assert out.getvalue() == f"{key}\torphaned\t7\n"
    assert "3 objects stored, 1 orphaned with 7 bytes." in err.getvalue()


def test_interrupted_scan_continues_and_counts_each_object_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = sorted(orphan(bytes([number])) for number in range(5))
    monkeypatch.setattr(storage_scan, "BATCH_OBJECTS", 2)
    real, calls = storage_scan._count, []

    def die_at_the_second(scan: StorageScan, batch: Any) -> bool:
        calls.append([item.key for item in batch])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(scan, batch)

    monkeypatch.setattr(storage_scan, "_count", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        scan_storage()
    assert last_scan() is None
    scan = scan_storage()
    assert calls == [keys[:2], keys[2:4], keys[2:4], keys[4:]]
    assert scan is not None
    assert (scan.object_count, scan.orphan_count, scan.orphan_bytes) == (5, 5, 5)
    assert [item["key"] for item in scan.orphans] == keys
    assert scan_storage() is None
    StorageScan.objects.update(started_at=timezone.now() + timedelta(days=365))  # the clock was wrong
    assert scan_storage() not in {None, scan}
    assert scan_storage() is None
    assert scan_storage(is_forced=True) != scan


def test_missing_bytes_are_found_under_another_key() -> None:
    blob = blob_of(b"precious")
    path_of(blob.storage_key).unlink()
    orphan(b"precioux")
    copy = orphan(b"precious")
    relinked = relink_blob(actor=system(), blob=blob)
    assert (relinked.storage_key, relinked.state, relinked.problem) == (copy, "stored", "")
    entry = AuditEntry.objects.get(action="storage.relink")
    assert entry.changes == {"storage_key": [blob.storage_key, copy], "sha256": blob.sha256}


def test_relinking_needs_a_problem_a_copy_and_the_right() -> None:
    blob, other = blob_of(b"precious"), blob_of(b"somebody")
    with pytest.raises(Conflict, match="nothing to repair"):
        relink_blob(actor=system(), blob=blob)
    path_of(blob.storage_key).unlink()
    with pytest.raises(NotFound, match="no copy of these bytes"):
        relink_blob(actor=system(), blob=blob)
    moderator = Actor(user=make_user(is_staff=True, permissions=("moderate_download",)))
    with pytest.raises(Denied):
        recheck_blob(actor=moderator, blob=other)
    operator = Actor(user=make_user(is_staff=True, permissions=("change_blob",)))
    assert recheck_blob(actor=operator, blob=other) == ""


def test_upload_of_the_same_bytes_heals() -> None:
    blob = blob_of(b"precious")
    path_of(blob.storage_key).write_bytes(b"evil")
    assert recheck_blob(actor=system(), blob=blob) == "has 4 bytes instead of 8"
    keep_upload(stage(b"precious"))
    healed = Blob.objects.get(pk=blob.pk)
    assert (healed.state, healed.problem) == ("stored", "")


def test_usage_by_download_owner_and_category_takes_a_constant_number_of_queries(settings: Any) -> None:
    settings.USER_QUOTA_BYTES = 1000
    for count in (1, 4):
        for _ in range(count):
            make_file(make_version(make_download(quota_bytes=200)), content=b"x" * 10 + os.urandom(90))
        with CaptureQueriesContext(connection) as queries:
            usage = measure_usage()
        assert len(queries) == 4
        with CaptureQueriesContext(connection) as queries:
            by_download = usage_by_download(last_usage())
            by_owner, by_category = usage_by_owner(usage), usage_by_category(usage)
        assert len(queries) == 3
    found = {(row.size_bytes, row.file_count, row.limit_bytes, row.percent) for row in by_download}
    assert found == {(100, 1, 200, 50)}
    assert {(row.size_bytes, row.limit_bytes, row.percent) for row in by_owner} == {(100, 1000, 10)}
    assert {row.percent for row in by_category} == {None}
    assert usage_by_download(replace(usage, sums={DOWNLOAD: [(0, 100, 1)]})) == []  # it was erased since


def test_sums_read_only_an_index() -> None:
    query = "SELECT version_id, sum(size_bytes) FROM files_file WHERE blob_id IS NOT NULL GROUP BY version_id"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            assert "COVERING INDEX file_stored_sizes" in str(cursor.fetchall())


STORAGE = "/admin/files/blob/storage/"


def sign_in(client: Client, *permissions: str) -> Client:
    client.force_login(make_user(is_staff=True, permissions=("moderate_download", *permissions)))
    return client


def test_page_shows_what_is_wrong_and_who_uses_the_storage(client: Client) -> None:
    blob = blob_of(b"precious")
    path_of(blob.storage_key).unlink()
    key = orphan(b"unknown")
    verify_sample()
    scan_storage()
    text = sign_in(client).get(STORAGE).content.decode()
    assert str(blob) in text
    assert File.objects.get().filename in text
    assert key in text
    assert "Look for orphans" not in text
    assert client.get(f"/d/{File.objects.get().version.download.slug}/latest/").status_code == 503


def test_staff_with_the_right_heal(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("releasehub.backoffice.storage.hint", asked.append)
    sign_in(client).post(STORAGE, {"start": "scan"})
    sign_in(client, "change_blob").post(STORAGE, {"start": "collect", "confirmation": "yes"})
    assert asked == []
    for data in ({"start": "scan"}, {"start": "collect", "confirmation": "delete orphans"}):
        assert client.post(STORAGE, data).status_code == 302
    assert asked == ["files.rescan_storage", "files.collect_garbage"]


def test_actions_of_the_list_check_and_relink(client: Client) -> None:
    blob = blob_of(b"precious")
    path_of(blob.storage_key).unlink()
    orphan(b"precious")
    url = reverse("admin:files_blob_changelist")
    data = {"_selected_action": [blob.pk]}
    sign_in(client, "change_blob")
    assert f"{blob}: missing" in client.post(url, data | {"action": "check_again"}, follow=True).content.decode()
    answer = client.post(url, data | {"action": "relink"}, follow=True).content.decode()
    assert "the same bytes were found under" in answer
    assert Blob.objects.get().state == "stored"
