"""Quotas count what is stored and what is reserved, on every way in, and the disk keeps a floor."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from files.blobs import keep_upload
from files.models import File, UploadSession
from files.quotas import used_bytes
from files.services import add_file
from files.sessions import begin_upload, end_upload, open_incoming
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import Rejected, StorageFull
from releasehub.publishing.deletion import delete_file
from tests.conftest import ApiClient
from tests.factories import (
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


def test_an_upload_that_ends_gives_its_bytes_back(owner: Any) -> None:
    upload = begin(owner, 100)
    end_upload(upload, UploadSession.State.EXPIRED)
    assert used_bytes(owner.pk) == 0


def test_an_upload_that_becomes_a_file_counts_once(owner: Any) -> None:
    version = make_version(make_download(owner))
    upload = begin(owner, 60, version)
    blob = keep_upload(stage(b"x" * 60))
    add_file(actor=system(), version=version, filename="a.bin", blob=blob, is_checked=True, upload=upload)
    UploadSession.objects.filter(pk=upload.pk).update(state=UploadSession.State.CONFIRMED)
    assert used_bytes(owner.pk) == 60


def test_the_owner_pays_for_what_others_upload(owner: Any) -> None:
    version = make_version(make_download(owner))
    blob = keep_upload(stage(b"x" * 101))
    with pytest.raises(Rejected):
        add_file(actor=system(), version=version, filename="a.bin", blob=blob, is_checked=True)


@pytest.mark.parametrize(("site", "own", "fits"), [(50, None, False), (50, 0, True), (50, 100, True), (0, None, True)])
def test_a_user_may_have_a_quota_of_their_own(settings: Any, site: int, own: int | None, fits: bool) -> None:
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


def test_the_largest_file_of_the_site_holds_for_uploads_without_a_version(settings: Any) -> None:
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

    def test_over_the_quota_is_refused_with_what_is_left(self, answer: Any) -> None:
        make_loose_upload(User.objects.get(quota_bytes=100), content=b"z" * 60)
        refused = answer(41)
        assert refused.status_code in {400, 422}, refused.content
        assert b"40 bytes" in refused.content or b"60 are used" in refused.content
        assert File.objects.count() == 0

    def test_below_the_floor_is_507(self, answer: Any, settings: Any, monkeypatch: Any, local_storage: Any) -> None:
        settings.MIN_FREE_BYTES = 1000
        monkeypatch.setattr(shutil, "disk_usage", free(1_010))
        assert answer(11).status_code == 507
        assert Client().get("/api/mc-dm-downloads/").status_code == 200


def test_an_upload_below_the_floor_leaves_nothing_behind(settings: Any, local_storage: Any, monkeypatch: Any) -> None:
    settings.MIN_FREE_BYTES = 1000
    monkeypatch.setattr(shutil, "disk_usage", free(1))
    with pytest.raises(StorageFull):
        stage(b"x")
    assert [path for path in local_storage.root.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has one writer and no waiting")
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
