"""Quotas count what is stored and what is reserved, on every way in, and the disk keeps a floor."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from downloads.services import add_publisher, create_download, create_entity, update_download
from files.blobs import keep_upload
from files.models import Blob, DownloadIcon, File, PackageUpload, UploadSession
from files.services import add_file, link_file
from files.uploads.ending import end_upload
from files.uploads.entity_icons import edit_entity
from files.uploads.expiry import expire_uploads
from files.uploads.external import probe_link
from files.uploads.immediate_verification import verify_now
from files.uploads.link_limits import BadLink, reserve_copy
from files.uploads.open_ended import declare_size, open_open_ended
from files.uploads.parts import MAX_PART_BYTES, sign_parts
from files.uploads.sessions import begin_upload, open_incoming
from files.usage import used_by_download, used_bytes
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Rejected, StorageFull
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.package_uploads import MAX_LOCKFILE_BYTES, announce_package, open_places
from releasehub.publishing.package_values import Announcement
from tests.conftest import ApiClient
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_key,
    make_loose_upload,
    make_user,
    make_version,
    stage,
    system,
)

pytestmark = pytest.mark.django_db
_seconds = count()


def begin(user: Any, size: int, version: Any = None) -> UploadSession:
    incoming = open_incoming(size_bytes=size, part_bytes=None)
    return begin_upload(actor=Actor(user=user), version=version, filename=f"up-{size}.bin", incoming=incoming)


def free(size: int) -> Any:
    """A stand-in for `shutil.disk_usage` on a volume with so much space left."""
    return lambda path: SimpleNamespace(total=10_000, used=10_000 - size, free=size)


@pytest.fixture
def owner() -> Any:
    return make_user(quota_bytes=100)


def test_stored_deleted_and_reserved_bytes_all_count(owner: Any) -> None:
    version = make_version(make_download(owner))
    make_file(version, content=b"x" * 10)
    delete_file(actor=system(), file=make_file(version, content=b"y" * 20))
    begin(owner, 30, version)
    make_loose_upload(owner, content=b"z" * 5)
    assert used_bytes(owner.pk) == 65
    begin(owner, 35)
    with pytest.raises(Rejected) as refusal:
        begin(owner, 1)
    assert refusal.value.params == {"limit": 100, "used": 100}
    assert "100 bytes" in refusal.value.message


def test_aborted_upload_releases_its_reserved_bytes(owner: Any) -> None:
    upload = begin(owner, 100)
    end_upload(upload, UploadSession.State.EXPIRED)
    assert used_bytes(owner.pk) == 0


def test_confirmed_upload_counts_once(owner: Any) -> None:
    version = make_version(make_download(owner))
    upload = begin(owner, 60, version)
    blob = keep_upload(stage(b"x" * 60))
    add_file(actor=system(), version=version, filename="a.bin", blob=blob, warnings=[], upload=upload)
    UploadSession.objects.filter(pk=upload.pk).update(state=UploadSession.State.CONFIRMED)
    assert used_bytes(owner.pk) == 60


def test_uploads_of_team_members_count_for_the_owner(owner: Any) -> None:
    version = make_version(make_download(owner))
    blob = keep_upload(stage(b"x" * 101))
    with pytest.raises(Rejected):
        add_file(actor=system(), version=version, filename="a.bin", blob=blob, warnings=[])


@pytest.mark.parametrize(("site", "own", "fits"), [(50, None, False), (50, 0, True), (50, 100, True), (0, None, True)])
def test_user_quota_overrides_the_site_quota(settings: Any, site: int, own: int | None, fits: bool) -> None:
    settings.USER_QUOTA_BYTES = site
    user = make_user(quota_bytes=own)
    if fits:
        begin(user, 60)
    else:
        with pytest.raises(Rejected):
            begin(user, 60)


def test_open_uploads_count_for_the_limits_of_the_category(settings: Any) -> None:
    settings.MAX_DOWNLOAD_BYTES = 100
    version = make_version()
    begin(version.download.owner, 60, version)
    with pytest.raises(Rejected):
        begin(version.download.owner, 60, version)
    begin(version.download.owner, 40, version)


def test_site_file_limit_applies_to_uploads_without_a_version(settings: Any) -> None:
    settings.MAX_FILE_BYTES = 50
    with pytest.raises(Rejected):
        begin(make_user(), 51)
    begin(make_user(), 50)


class TestWire:
    """The same refusal on every way in, with the limit and what is used of it."""

    @pytest.fixture(params=["mc-dm", "v3", "uploads"])
    def answer(self, request: pytest.FixtureRequest, owner: Any) -> Any:
        return lambda size: getattr(self, request.param.replace("-", "_"))(owner, size)

    def mc_dm(self, owner: Any, size: int) -> Any:
        version = make_version(make_download(owner))
        file = SimpleUploadedFile("a.bin", b"x" * size)
        return ApiClient(make_key(owner)).post("/api/mc-dm-files/", {"version_id": version.pk, "file": file})

    def v3(self, owner: Any, size: int) -> Any:
        version = make_version(make_download(owner))
        path = f"/v3/{version.public_id}/a.bin"
        return ApiClient(make_key(owner)).put(path, b"x" * size, content_type="application/octet-stream")

    def uploads(self, owner: Any, size: int) -> Any:
        version = make_version(make_download(owner))
        body = {"version_id": version.pk, "filename": "a.bin", "size_bytes": size}
        return ApiClient(make_key(owner)).send("post", "/api/uploads/", body)

    def test_upload_over_the_quota_is_rejected_with_the_limit(self, answer: Any) -> None:
        make_loose_upload(User.objects.get(quota_bytes=100), content=b"z" * 60)
        refused = answer(41)
        assert refused.status_code in {400, 422}, refused.content
        assert b"40 bytes" in refused.content or b"60 bytes are used" in refused.content
        assert File.objects.count() == 0

    def test_low_disk_space_is_507(self, answer: Any, settings: Any, monkeypatch: Any, local_storage: Any) -> None:
        settings.MIN_FREE_BYTES = 1000
        monkeypatch.setattr(shutil, "disk_usage", free(1_010))
        assert answer(11).status_code == 507
        assert Client().get("/api/mc-dm-downloads/").status_code == 200


def test_upload_rejected_for_low_disk_space_leaves_nothing_behind(
    settings: Any, local_storage: Any, monkeypatch: Any
) -> None:
    settings.MIN_FREE_BYTES = 1000
    monkeypatch.setattr(shutil, "disk_usage", free(1))
    with pytest.raises(StorageFull):
        stage(b"x")
    assert [path for path in local_storage.root.rglob("*") if path.is_file()] == []


class TestDownloadQuota:
    """The download's own quota wins over the category's, and that over the site's."""

    @pytest.mark.embedded
    @pytest.mark.parametrize(
        ("site", "category", "own", "fits"),
        [
            (50, None, None, False),
            (50, 70, None, True),
            (50, 0, None, True),
            (0, 50, None, False),
            (50, 50, 70, True),
            (50, 50, 0, True),
            (0, 0, 50, False),
        ],
    )
    def test_closest_quota_setting_applies(
        self, settings: Any, site: int, category: int | None, own: int | None, fits: bool
    ) -> None:
        settings.MAX_DOWNLOAD_BYTES = site
        download = make_download(category=make_category(max_download_bytes=category))
        update_download(actor=system(), download=download, quota_bytes=own)
        version = make_version(type(download).objects.get(pk=download.pk))
        if fits:
            begin(version.download.owner, 60, version)
        else:
            with pytest.raises(Rejected) as refusal:
                begin(version.download.owner, 60, version)
            assert refusal.value.params == {"limit": 50, "used": 0}
            assert "quota of the download" in refusal.value.message

    def test_deleted_files_other_versions_links_and_icons_count(self) -> None:
        version = make_version()
        download = version.download
        make_file(make_version(download), content=b"x" * 10)
        delete_file(actor=system(), file=make_file(version, content=b"y" * 20))
        begin(download.owner, 30, version)
        link = link_file(actor=system(), version=version, url="https://example.com/a.bin")
        File.objects.filter(pk=link.pk).update(size_bytes=100, validation_status="passed")
        icon = keep_upload(stage(b"icon"))
        DownloadIcon.objects.create(download=download, blob=icon, filename="a.png", storage_path="p")
        assert used_by_download(download.pk) == 164
        assert used_bytes(download.owner_id) == 64

    def test_only_administrators_set_the_quota_of_a_download(self) -> None:
        download = make_download()
        actor = Actor(user=download.owner)
        with pytest.raises(Denied):
            update_download(actor=actor, download=download, quota_bytes=0)
        with pytest.raises(Denied):
            create_download(actor=actor, category=download.category, title="More", quota_bytes=0)
        assert update_download(actor=system(), download=download, quota_bytes=5).quota_bytes == 5


class TestCopies:
    """A copy of a link reserves its size before it is fetched, and is only stored if it fits."""

    @pytest.fixture
    def serve(self, monkeypatch: Any) -> Any:
        """Answer every link with so many bytes; `declared` is the Content-Length, None leaves it out."""

        def answer(size: int, declared: int | None, meanwhile: Any = None) -> None:
            headers = {} if declared is None else {"Content-Length": str(declared)}

            def chunks() -> Any:
                if meanwhile is not None:
                    meanwhile()
                yield bytes(size)

            found = SimpleNamespace(status=200, headers=headers, chunks=chunks)
            monkeypatch.setattr("files.uploads.link_reading.fetch", lambda url, **options: nullcontext(found))

        return answer

    def copied(self, version: Any, name: str = "a.bin") -> File:
        url = f"https://example.com/{name}"
        return link_file(actor=system(), version=version, url=url, wants_copy=True)

    def test_copy_in_progress_counts(self, owner: Any) -> None:
        version = make_version(make_download(owner))
        reserve_copy(self.copied(version), 60)
        assert used_bytes(owner.pk) == used_by_download(version.download_id) == 60
        with pytest.raises(BadLink) as refusal:
            reserve_copy(self.copied(version, "b.bin"), 41)
        assert refusal.value.finding.code == "link.quota_exceeded"
        with pytest.raises(Rejected):
            begin(owner, 41)
        reserve_copy(self.copied(version, "c.bin"), 40)

    def test_repeated_copy_reserves_its_bytes_once(self, owner: Any) -> None:
        file = self.copied(make_version(make_download(owner)))
        for _ in range(2):
            reserve_copy(file, 100)
        assert used_bytes(owner.pk) == 100

    @pytest.mark.parametrize("declared", [True, False])
    def test_stored_copy_counts_once(self, owner: Any, serve: Any, declared: bool) -> None:
        serve(100, 100 if declared else None)
        file = self.copied(make_version(make_download(owner)))
        assert probe_link(file.pk) == "passed"
        assert used_bytes(owner.pk) == 100

    @pytest.mark.parametrize("declared", [True, False])
    def test_copy_over_the_quota_is_not_stored(
        self, owner: Any, serve: Any, declared: bool, local_storage: Any
    ) -> None:
        serve(101, 101 if declared else None)
        file = self.copied(make_version(make_download(owner)))
        assert probe_link(file.pk) == "failed"
        assert (Blob.objects.count(), used_bytes(owner.pk)) == (0, 0)
        assert [path for path in local_storage.root.rglob("*") if path.is_file()] == []

    def test_copy_of_unknown_size_is_rejected_if_the_quota_filled_up_meanwhile(
        self, owner: Any, serve: Any, local_storage: Any
    ) -> None:
        version = make_version(make_download(owner))
        serve(60, None, meanwhile=lambda: begin(owner, 60))
        file = self.copied(version)
        assert probe_link(file.pk) == "failed"
        file.refresh_from_db()
        assert (file.blob, file.findings[0]["code"]) == (None, "link.quota_exceeded")
        assert used_bytes(owner.pk) == 60
        assert [path for path in local_storage.root.rglob("*") if path.is_file() and path.stat().st_size == 60] == []

    def test_download_quota_applies_to_copies(self, serve: Any) -> None:
        download = make_download()
        update_download(actor=system(), download=download, quota_bytes=99)
        serve(100, 100)
        file = self.copied(make_version(download))
        assert probe_link(file.pk) == "failed"
        file.refresh_from_db()
        assert file.findings[0]["code"] == "link.quota_exceeded"


def test_icon_counts_for_the_quota_of_the_owner(owner: Any) -> None:
    make_loose_upload(owner, content=b"z" * 90)
    upload = make_loose_upload(owner, content=b"i" * 10, purpose="icon")
    download = make_download(owner)
    edit_entity(actor=system(), download=download, icon_path=upload.storage_key)
    assert used_bytes(owner.pk) == 100
    stranger = make_loose_upload(make_user(), content=b"j" * 11, purpose="icon")
    with pytest.raises(Rejected):
        edit_entity(actor=system(), download=download, icon_path=stranger.storage_key)


def begin_open_ended(user: Any, limit: int) -> UploadSession:
    incoming = open_open_ended(limit_bytes=limit)
    return begin_upload(actor=Actor(user=user), version=None, filename="a.bin", incoming=incoming)


def test_an_open_ended_upload_reserves_half_until_its_size_is_known(owner: Any) -> None:
    upload = begin_open_ended(owner, 99)
    assert used_bytes(owner.pk) == 50
    begin_open_ended(owner, 100)
    assert used_bytes(owner.pk) == 100
    with pytest.raises(Rejected):
        begin_open_ended(owner, 1)
    with pytest.raises(Rejected):
        declare_size(upload, 51)
    assert declare_size(upload, 50)
    assert used_bytes(owner.pk) == 100


class TestPackages:
    """A package and its lockfile count for the entity and its owner from the moment they are announced."""

    @pytest.fixture
    def entity(self, owner: Any) -> Any:
        return create_entity(actor=Actor(user=owner), kind="app", slug="timer", name="Timer")

    def announce(self, entity: Any, actor: Actor | None = None) -> PackageUpload:
        number = f"2024.06.01-1200{next(_seconds):02}"
        announcement = Announcement(number=number, source_hash="a" * 40, is_forced=True)
        places = open_places(entity)
        return announce_package(actor=actor or system(), download=entity, announcement=announcement, places=places)

    def test_remaining_quota_limits_both_uploads(self, owner: Any, entity: Any) -> None:
        announced = self.announce(entity)
        assert (announced.package.size_bytes, announced.lockfile.size_bytes) == (100, 50)
        assert used_bytes(owner.pk) == used_by_download(entity.pk) == 75

    def test_parallel_announcements_never_reserve_more_than_is_left(self, owner: Any, entity: Any) -> None:
        announced = 0
        with suppress(Rejected):
            while self.announce(entity):
                announced += 1
        assert announced > 2
        assert used_bytes(owner.pk) <= 100
        assert sum(UploadSession.objects.values_list("size_bytes", flat=True)) <= 2 * 100

    def test_announced_bytes_count_for_the_owner_and_not_for_the_publisher(self, owner: Any, entity: Any) -> None:
        publisher = make_user(quota_bytes=1)
        add_publisher(actor=system(), download=entity, user=publisher)
        self.announce(entity, Actor(user=publisher))
        assert (used_bytes(owner.pk), used_bytes(publisher.pk)) == (75, 0)

    @pytest.mark.parametrize("is_own", [True, False])
    def test_a_package_may_have_all_that_was_left(self, owner: Any, entity: Any, is_own: bool) -> None:
        if is_own:
            update_download(actor=system(), download=entity, quota_bytes=100)
            entity.refresh_from_db()
        announced = self.announce(entity)
        assert declare_size(announced.package, 100)
        with pytest.raises(Rejected):
            declare_size(announced.lockfile, 1)

    def test_second_announcement_is_limited_by_the_bytes_of_the_first(self, owner: Any, entity: Any) -> None:
        first, second = self.announce(entity), self.announce(entity)
        assert declare_size(first.package, 80)
        with pytest.raises(Rejected):
            declare_size(second.package, 21)
        assert used_bytes(owner.pk) > 80

    def test_lockfile_has_its_own_size_limit(self) -> None:
        entity = create_entity(actor=Actor(user=make_user()), kind="app", slug="free", name="Free")
        announced = self.announce(entity)
        assert (announced.package.size_bytes, announced.lockfile.size_bytes) == (MAX_PART_BYTES, MAX_LOCKFILE_BYTES)

    @pytest.mark.parametrize(("content", "used"), [(b"", 0), (b"x" * 7, 7)])
    def test_received_size_replaces_the_reservation_after_a_day(
        self, owner: Any, entity: Any, local_storage: Any, content: bytes, used: int
    ) -> None:
        announced = self.announce(entity)
        if content:
            (address,) = sign_parts(announced.package, [(1, "")])
            assert Client().generic("PUT", address.put.url, content).status_code == 200
        expire_uploads()
        assert used_bytes(owner.pk) == 75
        UploadSession.objects.update(last_active_at=timezone.now() - timedelta(days=1, minutes=1))
        expire_uploads()
        assert used_bytes(owner.pk) == used
        announced.package.refresh_from_db()
        if content:
            assert verify_now(announced.package, size_bytes=7).size_bytes == 7

    @pytest.mark.skipif(
        connection.vendor != "postgresql", reason="In-memory SQLite has one writer and does not wait for locks."
    )
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("is_own", [True, False])
    def test_concurrent_announcements_do_not_pass_the_quota(self, is_own: bool) -> None:
        entity = create_entity(actor=Actor(user=make_user(quota_bytes=100)), kind="app", slug="timer", name="Timer")
        if is_own:
            update_download(actor=system(), download=entity, quota_bytes=100)
            User.objects.filter(pk=entity.owner_id).update(quota_bytes=0)
            entity.refresh_from_db()

        def announce(number: int) -> bool:
            try:
                self.announce(entity)
            except Rejected:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(8) as pool:
            assert any(pool.map(announce, range(24)))
        assert used_by_download(entity.pk) <= 100


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="In-memory SQLite has one writer and does not wait for locks."
)
@pytest.mark.django_db(transaction=True)
def test_parallel_uploads_do_not_pass_the_quota_together() -> None:
    owner = make_user(quota_bytes=100)
    versions = [make_version(make_download(owner)) for _ in range(4)]

    def reserve(number: int) -> bool:
        try:
            begin(owner, 30 + number % 2, versions[number % 4] if number % 3 else None)
        except Rejected:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(24))) == 3
    assert used_bytes(owner.pk) <= 100


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="In-memory SQLite has one writer and does not wait for locks."
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [30, 31])
def test_parallel_copies_and_uploads_do_not_pass_the_quota_together(size: int) -> None:
    owner = make_user(quota_bytes=100)
    versions = [make_version(make_download(owner)) for _ in range(4)]
    urls = [f"https://example.com/{number}.bin" for number in range(16)]
    files = [
        link_file(actor=system(), version=versions[number % 4], url=url, wants_copy=True)
        for number, url in enumerate(urls)
    ]

    def reserve(number: int) -> bool:
        try:
            if number % 2:
                begin(owner, size, versions[number % 4])
            else:
                reserve_copy(files[number], size)
        except (Rejected, BadLink):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(16))) == 3
    assert used_bytes(owner.pk) == 3 * size
