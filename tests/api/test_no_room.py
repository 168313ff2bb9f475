"""A full storage is 507 and an exceeded quota is rejected, in the format of each dialect, and no bytes remain."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from files.models import Blob, File, UploadSession
from files.storage import blob_storage
from releasehub.accounts.models import User
from releasehub.core.errors import StorageFull
from releasehub.server.page_middleware import PageErrorMiddleware
from tests.api.engine.conftest import Engine
from tests.api.entity.world import World as EntityWorld
from tests.api.native.test_uploads import World as NativeWorld
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_loose_upload, make_user, make_version

pytestmark = pytest.mark.django_db
FULL = "The file storage is full. Contact the operator of this hub."


@pytest.fixture
def full(settings: Any, monkeypatch: pytest.MonkeyPatch, local_storage: Any) -> Callable[[], None]:
    """Report a volume without free space from now on."""

    def fill() -> None:
        settings.MIN_FREE_BYTES = 1000
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=10_000, used=10_000, free=0))

    return fill


def nothing_is_left(local_storage: Any) -> bool:
    stored = [path for path in local_storage.root.rglob("*") if path.is_file()]
    return (stored, File.objects.count(), Blob.objects.count()) == ([], 0, 0)


def send_mc_dm(owner: User) -> Any:
    version = make_version(make_download(owner))
    form = {"version_id": version.pk, "file": SimpleUploadedFile("a.bin", b"x" * 50)}
    return ApiClient(make_key(owner)).post("/api/mc-dm-files/", form)


def send_v3(owner: User) -> Any:
    version = make_version(make_download(owner))
    path = f"/v3/{version.public_id}/a.bin"
    return ApiClient(make_key(owner)).put(path, b"x" * 50, content_type="application/octet-stream")


def send_native(owner: User) -> Any:
    version = make_version(make_download(owner))
    body = {"version_id": version.pk, "filename": "a.bin", "size_bytes": 50}
    return ApiClient(make_key(owner)).send("POST", "/api/uploads/", body)


def hub_body(code: str, message: str, params: Any) -> dict[str, Any]:
    return {"errors": [{"code": f"mc_dm_api_error.{code}", "message": message, "params": params}]}


FULL_BODIES = {
    "mc-dm": (send_mc_dm, hub_body("storage_full", FULL, [])),
    "v3": (send_v3, {"message": FULL, "code": "STORAGE_FULL"}),
    "native": (send_native, hub_body("storage_full", FULL, [])),
}


@pytest.mark.parametrize("dialect", FULL_BODIES)
def test_full_storage_is_507_in_each_dialect(dialect: str, full: Any, local_storage: Any) -> None:
    send, body = FULL_BODIES[dialect]
    owner = make_user()
    full()
    answer = send(owner)
    assert (answer.status_code, answer.json()) == (507, body)
    assert nothing_is_left(local_storage)
    assert UploadSession.objects.count() == 0


def test_full_storage_at_a_part_of_the_native_api(settings: Any, full: Any, local_storage: Any) -> None:
    settings.MIN_PART_BYTES = 1
    world = NativeWorld()
    upload = world.begin()
    full()
    answer = Client().put(upload["urls"][0]["url"], bytes(upload["size_bytes"]), "application/octet-stream")
    assert (answer.status_code, answer.json()) == (507, hub_body("storage_full", FULL, []))
    assert nothing_is_left(local_storage)


def test_full_storage_at_the_announcement_of_an_entity(full: Any, local_storage: Any) -> None:
    world = EntityWorld()
    full()
    assert world.announce(status=507) == {"error": "storage_full", "message": FULL}
    assert nothing_is_left(local_storage)


def test_full_storage_at_the_confirmation_of_an_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EntityWorld()
    body = world.uploaded()

    def full(*args: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(type(blob_storage()), "collect", full)
        assert world.confirm(body, status=507) == {"error": "storage_full", "message": FULL}
    assert world.confirm(body)["state"] == "published"


def test_full_storage_in_the_engine_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """The action stores no bytes, but the storage may be full when it reads those of an upload."""
    engine = Engine()
    body = engine.body()

    def full(*args: Any) -> None:
        raise StorageFull

    monkeypatch.setattr("files.uploads.attachment_sources.head_of", full)
    answer = engine.client.send("post", "/version", body)
    assert (answer.status_code, answer.json()) == (507, {"error": "storage_full", "description": f"File 1: {FULL}"})


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_full_storage_on_a_page(accept: str) -> None:
    request = RequestFactory().get("/", headers={"Accept": accept})
    answer: Any = PageErrorMiddleware(lambda request: HttpResponse()).process_exception(request, StorageFull())
    assert answer.status_code == 507
    assert FULL in answer.content.decode()


def test_full_storage_in_the_admin(full: Any, local_storage: Any) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    url = reverse("admin:versions_version_upload", args=[make_version().pk])
    full()
    answer = client.post(url, {"file": SimpleUploadedFile("a.bin", b"x")})
    assert answer.status_code == 507
    assert FULL in answer.content.decode()
    assert nothing_is_left(local_storage)


QUOTA = (
    "The storage quota of the owner is 100 bytes and 60 bytes are used, so 50 more bytes do not fit. Delete files "
    "permanently, wait until deleted files are purged, or ask an administrator for a larger quota."
)
LEFT = (
    "The file is larger than 40 bytes, which is the space that the limits of this download leave. "
    "Choose a smaller file."
)


@pytest.fixture
def owner() -> User:
    """Return a user whose quota has 40 bytes left."""
    user = make_user(quota_bytes=100)
    make_loose_upload(user, content=b"z" * 60)
    return user


def test_full_quota_in_mc_dm(owner: User) -> None:
    answer = send_mc_dm(owner)
    assert (answer.status_code, answer.json()) == (
        422,
        hub_body("file_too_large", LEFT, {"limit": 40, "field": "file"}),
    )


def test_full_quota_in_v3(owner: User) -> None:
    answer = send_v3(owner)
    assert (answer.status_code, answer.json()["code"]) == (400, "FILE_TOO_LARGE")
    assert LEFT in answer.json()["message"]


def test_full_quota_in_the_native_api(owner: User) -> None:
    answer = send_native(owner)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["code"], error["message"]) == ("mc_dm_api_error.quota_exceeded", QUOTA)
    assert error["params"].items() >= {"limit": 100, "used": 60}.items()


def test_full_quota_in_the_engine_api() -> None:
    engine = Engine()
    body = engine.body()
    User.objects.filter(pk=engine.owner.pk).update(quota_bytes=1)
    answer = engine.client.send("post", "/version", body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_input")
    assert "storage quota of the owner is 1 bytes" in answer.json()["description"]
    assert File.objects.count() == 0


def test_full_quota_in_the_entity_api() -> None:
    world = EntityWorld()
    body = world.uploaded()
    User.objects.filter(pk=world.owner.pk).update(quota_bytes=1)
    answer = world.confirm(body, status=422)
    assert (answer["error"], "storage quota of the owner is 1 bytes" in answer["message"]) == ("quota_exceeded", True)
    assert File.objects.count() == 0


def test_publisher_without_quota_uses_the_quota_of_the_owner() -> None:
    """An upload counts for the quota of the owner of the download, even if another user sends it."""
    world = EntityWorld()
    publisher = make_user(is_superuser=True, is_staff=True, quota_bytes=1)
    body = world.uploaded()
    UploadSession.objects.update(user=publisher)
    assert world.confirm(body)["state"] == "published"
