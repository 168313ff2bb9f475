"""In every dialect and the admin, a public file name never gets different content, and the error says what to do."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from files.models import File
from releasehub.apikeys.tokens import issue_token
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_loose_upload, make_user, make_version
from versions.models import Version

pytestmark = pytest.mark.django_db
NAME = "tool.bin"
OTHER = b"other bytes"


class World:
    """A published version whose only file was deleted, and its owner's clients."""

    def __init__(self) -> None:
        self.owner = make_user(is_staff=True, is_superuser=True)
        self.download: Download = make_download(self.owner)
        self.version: Version = make_version(self.download, "1.0.0")
        self.file: File = make_file(self.version, name=NAME, content=b"the first bytes")
        self.client = ApiClient(make_key(self.owner))
        self.shop = ApiClient()
        self.shop.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue_token(self.owner)}"


@pytest.fixture
def world() -> World:
    return World()


def is_refusal(answer: Any, status: int = 409) -> bool:
    """Return whether the response names the file and the next step."""
    text = answer.content.decode()
    return answer.status_code == status and NAME in text and "publish it in a new version" in text


def test_mc_dm_refuses_other_bytes_under_a_public_name(world: World) -> None:
    assert world.client.send("post", f"/api/mc-dm-versions/{world.version.pk}/unpublish/").status_code == 200
    assert world.client.send("delete", f"/api/mc-dm-files/{world.file.pk}/").status_code == 200
    fields = {"version_id": world.version.pk}
    upload = {"file": SimpleUploadedFile(NAME, OTHER)}
    assert is_refusal(world.client.post("/api/mc-dm-files/", fields | upload))
    link = {"external_url": "https://example.org/x", "filename": NAME}
    assert is_refusal(world.client.send("post", "/api/mc-dm-files/", fields | link))


def test_v3_refuses_other_bytes_under_a_public_name(world: World) -> None:
    assert world.shop.send("post", f"/v3/releases/{world.version.public_id}/unpublish").status_code == 200
    assert world.shop.send("delete", f"/v3/release-files/{world.file.public_id}").status_code == 204
    path = f"/v3/{world.version.public_id}/{NAME}"
    assert is_refusal(world.shop.put(path, OTHER, content_type="application/octet-stream"))
    link = {"name": NAME, "url": "https://example.org/x", "size": 11, "secured": False}
    body = link | {"releaseId": world.version.public_id}
    assert is_refusal(world.shop.send("post", "/v3/release-files", body))


def test_engine_refuses_other_bytes_under_a_public_name(world: World) -> None:
    path = f"/version/{world.version.public_id}"
    assert world.client.send("patch", path, {"data": {"status": "draft"}}).status_code == 200
    digest = hashlib.sha512(b"the first bytes").hexdigest()
    assert world.client.send("delete", f"/version_file/{digest}").status_code == 204
    upload = make_loose_upload(world.owner, name=NAME, content=OTHER)
    files = [{"file_id": upload.public_id}]
    assert is_refusal(world.client.send("patch", path, {"data": {"status": "listed", "files": files}}))


def test_native_api_refuses_other_bytes_under_a_public_name(world: World) -> None:
    assert world.client.send("delete", f"/api/mc-dm-files/{world.file.pk}/?hard=1").status_code == 200
    digest = hashlib.sha256(OTHER).hexdigest()
    body = {"version_id": world.version.pk, "filename": NAME, "size_bytes": len(OTHER), "sha256": digest}
    assert is_refusal(world.client.send("post", "/api/uploads/", body))


def test_admin_refuses_other_bytes_under_a_public_name(world: World) -> None:
    assert world.client.send("delete", f"/api/mc-dm-files/{world.file.pk}/").status_code == 200
    staff = Client()
    staff.force_login(world.owner)
    url = reverse("admin:versions_version_upload", args=[world.version.pk])
    assert is_refusal(staff.post(url, {"file": SimpleUploadedFile(NAME, OTHER)}), status=200)
    assert not File.objects.filter(version=world.version).exists()


def test_the_admin_and_mc_dm_put_a_prerelease_into_its_channel(world: World) -> None:
    body = {"download_id": world.download.pk, "version_string": "2.0.0-rc.1"}
    made = world.client.send("post", "/api/mc-dm-versions/", body)
    assert made.headers["X-ReleaseHub-Channel"] == "rc"
    staff = Client()
    staff.force_login(world.owner)
    form = {"download": world.download.pk, "number": "2.0.0-beta.1", "channel": "", "visibility": "listed"}
    inlines = {f"files-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    answer = staff.post(reverse("admin:versions_version_add"), form | inlines | {"platforms": "[]"})
    assert answer.status_code == 302, answer.content
    assert Version.objects.get(number="2.0.0-beta.1").channel == "beta"


def test_the_engine_puts_a_prerelease_into_its_channel(world: World) -> None:
    upload = make_loose_upload(world.owner)
    data = {"version_number": "2.0.0-beta.1", "github_release_url": "https://github.com/o/r/releases/tag/v1"}
    data["files"] = [{"file_id": upload.public_id}]  # type: ignore[assignment]
    answer = world.client.send("post", "/version", {"data": data})
    assert answer.json()["version_type"] == "beta", answer.content
