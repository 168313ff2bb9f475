"""Files, their bytes, and what becomes of both."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from downloads.models import Category
from downloads.services import update_category
from files.blobs import keep_upload
from files.models import Blob, File
from files.services import add_file, link_file, restore_file, update_file
from files.storage import blob_storage
from files.storage.local_writer import LocalWriter
from files.storage.streaming import Receiver
from files.uploads.intake import accept_upload
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, Rejected, StorageFull
from releasehub.distribution.annotations import current_version_ids
from releasehub.distribution.latest import latest_version
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.purge import purge_deleted
from releasehub.publishing.transitions import Move
from tests.factories import make_category, make_download, make_file, make_user, make_version, stage, system
from versions.models import Version

pytestmark = pytest.mark.django_db


def is_stored(blob: Blob | None) -> bool:
    assert blob is not None
    return blob_storage().size(blob.storage_key) is not None


def test_same_bytes_are_stored_once() -> None:
    first, second = make_file(content=b"same"), make_file(content=b"same")
    assert first.blob == second.blob
    assert Blob.objects.count() == 1


def test_blob_is_deleted_with_its_last_file(run_tasks: Any) -> None:
    first, second = make_file(content=b"same"), make_file(content=b"same")
    with run_tasks():
        delete_file(actor=system(), file=first, hard=True)
    assert is_stored(second.blob)
    with run_tasks():
        delete_file(actor=system(), file=second, hard=True)
    assert not Blob.objects.exists()
    assert not is_stored(first.blob)


def test_soft_deleted_files_keep_their_bytes(run_tasks: Any) -> None:
    file = make_file()
    with run_tasks():
        delete_file(actor=system(), file=file)
    assert is_stored(file.blob)


def test_hard_delete_of_a_download_removes_all_rows_and_bytes(run_tasks: Any) -> None:
    file = make_file()
    with run_tasks():
        delete_download(actor=system(), download=file.version.download, hard=True)
    assert not is_stored(file.blob)
    assert not Version.all_objects.exists()


def test_discarded_upload_leaves_no_bytes() -> None:
    upload = stage(b"nobody wants me")
    upload.discard()
    assert blob_storage().size(upload.key) is None


def test_full_disk_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    if settings.STORAGE_KIND != "local":
        pytest.skip("speaks of the local disk")
    receiver = Receiver("tool.bin")

    class Full:
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            real.close()

    assert isinstance(receiver.writer, LocalWriter)
    real = receiver.writer.handle
    monkeypatch.setattr(receiver.writer, "handle", Full())
    with pytest.raises(StorageFull):
        receiver.write(b"x")
    receiver.abort()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["tool.zip", "TOOL.ZIP", "ｔool.zip"])
def test_same_name_is_refused(name: str) -> None:
    file = make_file(name="tool.zip")
    with pytest.raises(Conflict):
        accept_upload(actor=system(), version=file.version, upload=stage(b"other", name))


@pytest.mark.parametrize("hard", [False, True])
def test_public_name_is_never_given_to_other_bytes(hard: bool) -> None:
    file = make_file(name="tool.bin", content=b"first")
    delete_file(actor=system(), file=file, hard=hard)
    with pytest.raises(Conflict):
        accept_upload(actor=system(), version=file.version, upload=stage(b"second", "tool.bin"))
    accept_upload(actor=system(), version=file.version, upload=stage(b"first", "tool.bin"))


def test_wrong_digest_is_rejected() -> None:
    with pytest.raises(Rejected):
        accept_upload(actor=system(), version=make_version(), upload=stage(b"x"), sha256="0" * 64)


def rule(version: Version, **rules: Any) -> Version:
    category = Category.objects.get(pk=version.download.category_id)
    update_category(actor=system(), category=category, **rules)
    return Version.objects.select_related("download__category").get(pk=version.pk)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("rules", "name", "content"),
    [
        ({"allowed_extensions": ["zip"]}, "tool.exe", b"x"),
        ({"allowed_extensions": ["zip"]}, "tool.zip", b"no zip at all"),
        ({"max_file_bytes": 3}, "tool.bin", b"four"),
        ({"max_version_bytes": 10}, "tool.bin", b"more than is left"),
        ({"max_download_bytes": 10}, "tool.bin", b"more than is left"),
    ],
)
def test_upload_that_breaks_a_rule_of_the_category_is_rejected(
    rules: dict[str, Any], name: str, content: bytes
) -> None:
    version = rule(make_version(files=1), **rules)
    with pytest.raises(Rejected):
        accept_upload(actor=system(), version=version, upload=stage(content, name))


def test_only_a_moderator_adds_files_and_links_to_an_approved_version() -> None:
    owner = Actor(user=make_user())
    version = make_version(make_download(owner.user, category=make_category(requires_approval=True)), files=1)
    with pytest.raises(Denied, match="was approved with the files that it has"):
        accept_upload(actor=owner, version=version, upload=stage(b"late", "late.bin"))
    with pytest.raises(Denied, match="was approved with the files that it has"):
        link_file(actor=owner, version=version, url="https://example.org/late.bin")
    accept_upload(actor=system(), version=version, upload=stage(b"late", "late.bin"))
    draft = make_version(version.download, "2.0.0", state="draft")
    accept_upload(actor=owner, version=draft, upload=stage(b"early", "early.bin"))


def test_only_a_moderator_restores_a_file_into_an_approved_version() -> None:
    owner = Actor(user=make_user())
    version = make_version(make_download(owner.user, category=make_category(requires_approval=True)), state="draft")
    kept, withdrawn = make_file(version), make_file(version)
    delete_file(actor=owner, file=withdrawn)
    assert move(Move.PUBLISH, actor=system(), version=version).is_released
    withdrawn = File.all_objects.get(pk=withdrawn.pk)
    with pytest.raises(Denied, match="was approved with the files that it has"):
        restore_file(actor=owner, file=withdrawn)
    assert list(File.objects.filter(version=version)) == [kept]
    restore_file(actor=system(), file=withdrawn)
    assert File.objects.filter(version=version).count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"filename": "setup.exe"},
        {"platform": "windows"},
        {"architecture": "arm64"},
        {"is_primary": True},
        {"display_label": "Installer"},
        {"display_order": 7},
    ],
)
@pytest.mark.parametrize("state", ["published", "scheduled"])
def test_only_a_moderator_changes_files_of_an_approved_version(state: str, change: dict[str, Any]) -> None:
    owner = Actor(user=make_user())
    download = make_download(owner.user, category=make_category(requires_approval=True))
    file = make_file(make_version(download, state=state, publish_at=timezone.now() + timedelta(hours=1)))
    with pytest.raises(Denied, match="was approved with the files that it has"):
        update_file(actor=owner, file=file, **change)
    update_file(actor=system(), file=file, **change)
    assert update_file(actor=owner, file=file, **change)  # The same values again change nothing.
    draft = make_file(make_version(download, "2.0.0", state="draft"))
    update_file(actor=owner, file=draft, **change)


def test_only_a_moderator_adds_files_to_a_version_that_a_moderator_has_scheduled() -> None:
    owner = Actor(user=make_user())
    version = make_version(make_download(owner.user, category=make_category(requires_approval=True)), state="draft")
    withdrawn = make_file(version)
    make_file(version)
    delete_file(actor=owner, file=withdrawn)
    soon = timezone.now() + timedelta(hours=1)
    version = move(Move.SCHEDULE, actor=owner, version=version, publish_at=soon)
    assert version.state == Version.State.PENDING
    version = move(Move.SCHEDULE, actor=system(), version=version, publish_at=soon)
    with pytest.raises(Denied, match="was approved with the files that it has"):
        accept_upload(actor=owner, version=version, upload=stage(b"late", "late.bin"))
    with pytest.raises(Denied, match="was approved with the files that it has"):
        restore_file(actor=owner, file=File.all_objects.get(pk=withdrawn.pk))
    version = move(Move.UNPUBLISH, actor=owner, version=version)
    accept_upload(actor=owner, version=version, upload=stage(b"late", "late.bin"))


@pytest.mark.embedded
def test_sealed_version_gets_no_file_back() -> None:
    version = make_version(make_download(seal_on_publish=True), state="draft", files=1)
    withdrawn = make_file(version)
    delete_file(actor=system(), file=withdrawn)
    move(Move.PUBLISH, actor=system(), version=version)
    with pytest.raises(Conflict, match="is sealed"):
        restore_file(actor=system(), file=File.all_objects.get(pk=withdrawn.pk))


def test_number_of_files_is_limited() -> None:
    version = rule(make_version(files=2), max_files_per_version=2)
    with pytest.raises(Conflict):
        accept_upload(actor=system(), version=version, upload=stage(b"x"))


@pytest.mark.embedded
@pytest.mark.parametrize(
    "url",
    ["ftp://a.b/c", "javascript:alert(1)", "https://user:pw@a.b/c", "https:///c", "//a.b/c", "https://a.b/c d", ""],
)
def test_invalid_links_are_rejected(url: str) -> None:
    for filename in ("", "tool.zip"):
        with pytest.raises(Invalid):
            link_file(actor=system(), version=make_version(), url=url, filename=filename)


def test_file_count_follows_deletion_and_restoring() -> None:
    file = make_file()
    counts = []
    for step in (lambda: delete_file(actor=system(), file=file), lambda: restore_file(actor=system(), file=file)):
        step()
        counts.append(Version.objects.get(pk=file.version_id).file_count)
    assert counts == [0, 1]


def test_file_for_a_concurrently_deleted_version_is_rejected() -> None:
    version, upload = make_version(), stage(b"x")
    blob = keep_upload(upload)
    delete_version(actor=system(), version=version)
    download = version.download
    download.refresh_from_db()
    owner = download.owner
    with pytest.raises(Conflict):
        add_file(actor=Actor(user=owner), version=version, filename=upload.name, blob=blob, warnings=[])


def test_purge_deletes_rows_older_than_the_retention_period(settings: Any) -> None:
    old, young = make_file(), make_file()
    for file in (old, young):
        delete_file(actor=system(), file=file)
    File.all_objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    settings.RETENTION_DAYS = 0
    assert purge_deleted()["files"] == 0
    settings.RETENTION_DAYS = 30
    assert purge_deleted()["files"] == 1
    assert File.all_objects.filter(pk=young.pk).exists()


def test_current_version_is_the_latest_one() -> None:
    download = make_download()
    for number, channel in (("1.0", ""), ("1.10", ""), ("1.9", ""), ("3.0-rc.1", "rc"), ("2.0", "")):
        make_version(download, number, channel=channel, files=1)
    make_version(download, "5.0")  # has no file
    newest = Version.objects.get(number="2.0")
    assert latest_version(download) == newest
    assert current_version_ids([download.pk]) == {download.pk: newest.pk}
    move(Move.YANK, actor=system(), version=newest)
    move(Move.ARCHIVE, actor=system(), version=Version.objects.get(number="1.10"))
    expected = Version.objects.get(number="1.9")
    assert latest_version(download) == expected
    assert current_version_ids([download.pk]) == {download.pk: expected.pk}


def test_client_of_a_channel_is_offered_more_stable_channels() -> None:
    download = make_download()
    for number, channel in (("1.0", "stable"), ("2.0-rc.1", "rc"), ("2.0-beta.1", "beta"), ("9.0", "nightly")):
        make_version(download, number, channel=channel, files=1)
    found = {channel: str(getattr(latest_version(download, channel=channel), "number", "")) for channel in CHANNELS}
    assert found == CHANNELS


CHANNELS = {"stable": "1.0", "rc": "2.0-rc.1", "beta": "2.0-rc.1", "dev": "2.0-rc.1", "nightly": "9.0", "other": ""}
