"""Uploads directly to the storage over HTTP: the same requests for the local disk and for S3."""

from __future__ import annotations

import hashlib
import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from files.models import Blob, File, UploadSession
from files.storage import blob_storage
from files.uploads.tasks import sweep_uploads
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.logs import redact
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db
URL = "/api/uploads/"
BYTES = bytes(range(256)) * 40
SHA256 = hashlib.sha256(BYTES).hexdigest()


class World:
    """A version, the key of its owner, and the steps of a client that uploads."""

    def __init__(self) -> None:
        self.owner = make_user()
        self.version = make_version(make_download(self.owner), "1.0.0")
        self.client = ApiClient(make_key(self.owner))

    def begin(self, *, status: int = 201, **fields: Any) -> dict[str, Any]:
        body = {"version_id": self.version.pk, "filename": "tool.bin", "size_bytes": len(BYTES), "sha256": SHA256}
        answer = self.client.send("POST", URL, body | fields)
        assert answer.status_code == status, answer.content
        data: dict[str, Any] = answer.json()
        return data["upload"] if status == 201 else data["errors"][0]

    def state(self, upload: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.get(f"{URL}{upload['id']}/")
        assert answer.status_code == 200, answer.content
        return answer.json()["upload"]

    def addresses(self, upload: dict[str, Any], *numbers: int, **digests: str) -> list[dict[str, Any]]:
        parts = [{"number": number} | digests for number in numbers]
        answer = self.client.send("POST", f"{URL}{upload['id']}/parts/", {"parts": parts})
        assert answer.status_code == 200, answer.content
        return answer.json()["upload"]["urls"]

    def complete(self, upload: dict[str, Any], *, status: int = 202) -> dict[str, Any]:
        answer = self.client.send("POST", f"{URL}{upload['id']}/complete/")
        assert answer.status_code == status, answer.content
        return answer.json()

    def finished(self, upload: dict[str, Any]) -> dict[str, Any]:
        """Return the state after the task that the schedule runs every minute."""
        sweep_uploads()
        File.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
        sweep_uploads()
        return self.state(upload)


@pytest.fixture
def world(settings: Any) -> World:
    settings.MIN_PART_BYTES = 1
    return World()


def put(address: dict[str, Any], content: bytes, *, is_cut: bool = False, **headers: str) -> int:
    """Send a part to the host of its URL, and return the status, or 0 if there was no response.

    This is what a client does that knows nothing of the hub.
    """
    parts = urlsplit(address["url"])
    sent = {**address["headers"], **headers}
    if parts.path.startswith("/api/uploads/content/"):
        extra = {"CONTENT_LENGTH": sent.get("Content-Length", str(len(content)))}
        return Client().generic("PUT", parts.path, content, "application/octet-stream", **extra).status_code
    connected = http.client.HTTPConnection(parts.netloc, timeout=180)
    try:
        connected.request("PUT", f"{parts.path}?{parts.query}", content, sent)
        return 0 if is_cut else connected.getresponse().status
    except (ConnectionError, TimeoutError, http.client.HTTPException):
        return 0
    finally:
        connected.close()


def left_behind() -> list[str]:
    """Return the keys that the uploads of this test still have in the storage; on S3, all tests share a bucket."""
    keys = {key for row in UploadSession.objects.values_list("storage_key", "final_key") for key in row if key}
    kept = set(Blob.objects.values_list("storage_key", flat=True))
    found = [item.key for item in (*blob_storage().objects(""), *blob_storage().open_multiparts(""))]
    return [key for key in found if any(key.startswith(mine) for mine in keys) and key not in kept]


def fetched(file: File) -> bytes:
    with blob_storage().open(file.blob.storage_key) as handle:  # type: ignore[union-attr]
        return handle.read()


def test_upload_with_a_single_put(world: World) -> None:
    upload = world.begin(platform="Linux", architecture="x64", display_label="For penguins")
    assert (upload["state"], upload["part_bytes"], upload["missing"]) == ("created", 0, [1])
    assert put(upload["urls"][0], BYTES) in {200, 204}
    assert world.state(upload)["received"] == [1]
    assert world.complete(upload)["upload"]["state"] == "uploaded"
    done = world.finished(upload)
    assert (done["state"], done["error"]) == ("confirmed", None)
    file = File.objects.get(pk=done["file_id"])
    assert fetched(file) == BYTES
    assert file.blob is not None
    assert (file.blob.sha256, file.blob.md5) == (SHA256, hashlib.md5(BYTES, usedforsecurity=False).hexdigest())
    assert (file.platform, file.architecture, file.display_label) == ("Linux", "x64", "For penguins")
    assert (file.validation_status, file.is_primary) == ("passed", True)
    assert Version.objects.get(pk=world.version.pk).file_count == 1
    assert left_behind() == []


def test_upload_can_be_resumed_by_its_id(world: World) -> None:
    upload = world.begin(part_bytes=4096)
    assert (upload["part_count"], upload["urls"], upload["missing"]) == (3, [], [1, 2, 3])
    second = world.addresses(upload, 2)[0]
    assert (second["first_byte"], second["size_bytes"]) == (4096, 4096)
    assert put(second, BYTES[4096:8192]) in {200, 204}
    world.client = ApiClient(make_key(world.owner))
    again = world.state(upload)
    assert (again["received"], again["missing"]) == ([2], [1, 3])
    refused = world.complete(upload, status=409)["errors"][0]
    assert refused["params"]["missing"] == [1, 3]
    for address in world.addresses(upload, 1, 3):
        first = address["first_byte"]
        assert put(address, BYTES[first : first + address["size_bytes"]]) in {200, 204}
    world.complete(upload)
    done = world.finished(upload)
    assert fetched(File.objects.get(pk=done["file_id"])) == BYTES
    assert left_behind() == []


def test_completing_again_changes_nothing(world: World) -> None:
    upload = world.begin()
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    world.complete(upload)
    done = world.finished(upload)
    assert world.complete(upload, status=200)["upload"]["file_id"] == done["file_id"]
    world.finished(upload)
    assert (File.objects.count(), Event.objects.filter(type="file.created").count()) == (1, 1)
    assert AuditEntry.objects.filter(action=AuditAction.FILE_CREATE).count() == 1


@pytest.mark.parametrize(
    ("fault", "content"),
    [("short", BYTES[:-1]), ("long", BYTES + b"x"), ("other bytes", b"x" * len(BYTES)), ("empty", b"")],
)
def test_storage_rejects_undeclared_bytes(world: World, fault: str, content: bytes) -> None:
    upload = world.begin()
    status = put(upload["urls"][0], content, **{"Content-Length": str(len(content))})
    assert status == 0 or 400 <= status < 500
    world.complete(upload, status=409)
    assert world.state(upload)["received"] == []


def test_part_with_another_digest_is_refused(world: World) -> None:
    upload = world.begin(part_bytes=4096)
    md5 = hashlib.md5(BYTES[:4096], usedforsecurity=False).hexdigest()
    address = world.addresses(upload, 1, md5=md5)[0]
    assert put(address, b"x" * 4096) == 400
    assert put(address, BYTES[:4096]) in {200, 204}


def test_undeclared_checksum_is_computed_and_returned(world: World) -> None:
    upload = world.begin(sha256="0" * 64, part_bytes=4096)
    for address in world.addresses(upload, 1, 2, 3):
        first = address["first_byte"]
        put(address, BYTES[first : first + address["size_bytes"]])
    world.complete(upload)
    done = world.finished(upload)
    assert (done["state"], done["file_id"], done["error"]["code"]) == ("failed", None, "file.digest_differs")
    assert (File.objects.count(), Blob.objects.count()) == (0, 0)
    assert left_behind() == []
    assert AuditEntry.objects.filter(action=AuditAction.UPLOAD_FAIL).count() == 1


def test_bytes_replaced_after_the_put_fail_verification(world: World) -> None:
    upload = world.begin(sha256=SHA256)
    session = UploadSession.objects.get(public_id=upload["id"])
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    UploadSession.objects.filter(pk=session.pk).update(state="created", sha256="")
    again = world.addresses(upload, 1)[0]
    put(again, b"y" * len(BYTES))
    UploadSession.objects.filter(pk=session.pk).update(state="uploaded", sha256=SHA256)
    assert world.finished(upload)["state"] == "failed"
    assert File.objects.count() == 0


def test_signed_url_is_invalid_after_the_upload(world: World) -> None:
    upload = world.begin()
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    done = world.finished(upload)
    put(upload["urls"][0], BYTES)  # S3 accepts it, but the hub does not read that key
    assert fetched(File.objects.get(pk=done["file_id"])) == BYTES
    assert world.finished(upload)["state"] == "confirmed"


def test_signed_url_expires_and_cannot_be_modified(world: World, settings: Any) -> None:
    upload = world.begin()
    address = upload["urls"][0]
    for url in (address["url"][:-1] + ("a" if address["url"][-1] != "a" else "b"), address["url"][:-20]):
        assert put(address | {"url": url}, BYTES) in {400, 403, 404}
    if settings.STORAGE_KIND == "local":
        with pytest.MonkeyPatch.context() as patch:
            later = timezone.now() + timedelta(hours=1, seconds=2)
            patch.setattr("files.storage.signing.timezone.now", lambda: later)
            assert put(address, BYTES) == 403
    assert world.state(upload)["received"] == []


def test_aborted_upload_leaves_nothing(world: World) -> None:
    upload = world.begin(part_bytes=4096)
    put(world.addresses(upload, 1)[0], BYTES[:4096])
    assert world.client.send("DELETE", f"{URL}{upload['id']}/").json() == {"success": True}
    assert world.state(upload)["state"] == "expired"
    assert world.complete(upload, status=409)["errors"][0]["code"].endswith("upload_state")
    assert left_behind() == []


def test_forgotten_upload_expires(world: World) -> None:
    upload = world.begin()
    put(upload["urls"][0], BYTES)
    UploadSession.objects.update(last_active_at=timezone.now() - timedelta(days=8))
    assert world.finished(upload)["state"] == "expired"
    assert left_behind() == []


def test_upload_is_visible_to_uploaders_only(world: World) -> None:
    upload = world.begin()
    for client in (ApiClient(make_key(make_user())), ApiClient(make_key(world.owner, scopes=["mc_dm_download:read"]))):
        for method, path in (("GET", ""), ("POST", "parts/"), ("POST", "complete/"), ("DELETE", "")):
            answer = client.send(method, f"{URL}{upload['id']}/{path}", {"parts": [{"number": 1}]})
            assert answer.status_code in {403, 404}
    assert Client().get(f"{URL}{upload['id']}/").status_code == 403
    assert ApiClient(make_key()).send("POST", URL, {"version_id": world.version.pk}).status_code in {400, 403}


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"filename": "../evil"}, 400, "filename"),
        ({"size_bytes": -1}, 400, "size_bytes"),
        ({"size_bytes": "much"}, 400, "size_bytes"),
        ({"sha256": "abc"}, 400, "sha256"),
        ({"version_id": 10**9}, 404, None),
        ({"version_id": [1]}, 400, "version_id"),
        ({"size_bytes": 6 * 1024**3, "part_bytes": 0}, 400, "part_bytes"),
        ({"size_bytes": 10**9, "part_bytes": 10}, 400, "part_bytes"),
        ({"kind": "weapon"}, 400, "kind"),
    ],
)
def test_invalid_upload_request_is_rejected(
    world: World, fields: dict[str, Any], status: int, field: str | None
) -> None:
    error = world.begin(status=status, **fields)
    assert field is None or error["params"]["field"] == field
    assert UploadSession.objects.count() == 0


def test_name_in_use_and_sealed_version_are_refused_at_once(world: World) -> None:
    make_file(world.version, name="tool.bin")
    assert world.begin(status=409)["code"].endswith("file_name_taken")
    Version.objects.update(sealed_at=timezone.now())
    assert world.begin(status=409, filename="other.bin")["code"].endswith("version_is_sealed")


def test_upload_fails_if_its_version_is_deleted_meanwhile(world: World) -> None:
    upload = world.begin()
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    move(Move.DELETE, actor=system(), version=world.version)
    sweep_uploads()
    session = UploadSession.objects.get(public_id=upload["id"])
    assert (session.state, File.all_objects.count(), Blob.objects.count()) == ("failed", 0, 0)


def test_file_without_a_version_waits_for_its_owner(world: World) -> None:
    answer = world.client.send("POST", URL, {"filename": "loose.bin", "size_bytes": len(BYTES)})
    upload = answer.json()["upload"]
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    assert world.finished(upload)["state"] == "confirmed"
    session = UploadSession.objects.get(public_id=upload["id"])
    assert session.blob is not None
    assert not Blob.objects.unused().filter(pk=session.blob_id).exists()
    assert ApiClient(make_key()).get(f"{URL}{upload['id']}/").status_code == 404


def test_findings_are_shown_to_the_team_only(world: World) -> None:
    upload = world.begin(filename="tool.zip")
    put(upload["urls"][0], BYTES)
    world.complete(upload)
    done = world.finished(upload)
    file = File.objects.get(pk=done["file_id"])
    assert (file.validation_status, file.is_primary) == ("failed", False)
    assert file.findings[0]["message"]
    assert world.client.get(f"/api/mc-dm-files/{file.pk}/").json()["file"]["validation_status"] == "failed"
    assert world.client.get(f"/api/mc-dm-files/{file.pk}/download/").status_code == 403
    assert Client().get(f"/api/mc-dm-files/{file.pk}/").status_code == 404
    assert list(Event.objects.filter(type__startswith="file.").values_list("type", flat=True)) == [
        "file.created",
        "file.rejected",
    ]
    assert world.begin(filename="tool.zip")["state"] == "created"  # the name of the failed upload is free again


def test_number_of_queries_does_not_depend_on_the_parts(world: World) -> None:
    counts = []
    for part_bytes in (5120, 512):
        upload = world.begin(part_bytes=part_bytes)
        with CaptureQueriesContext(connection) as queries:
            world.state(upload)
            world.addresses(upload, 1, 2)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_signed_urls_allow_cross_origin_requests(world: World, settings: Any) -> None:
    if settings.STORAGE_KIND == "s3":
        pytest.skip("the bucket answers for itself")
    path = urlsplit(world.begin()["urls"][0]["url"]).path
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    answer = Client().options(path, headers=headers)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, "*")
    assert "PUT" in answer["Access-Control-Allow-Methods"]
    allowed = answer["Access-Control-Allow-Headers"].split(", ")
    assert {"Content-MD5", "Content-Type", "X-Amz-Checksum-Sha256"} <= set(allowed)


def test_upload_requests_transfer_no_bytes(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On S3, the web process only signs URLs and asks for metadata; the worker reads the content."""
    if settings.STORAGE_KIND != "s3":
        pytest.skip("on local disk the hub is the storage")

    def read(*args: Any) -> None:
        raise AssertionError("the web process read stored bytes")

    with monkeypatch.context() as patch:
        patch.setattr(type(blob_storage()), "open", read)
        patch.setattr(type(blob_storage()), "new_writer", read)
        patch.setattr(type(blob_storage()), "collect", read)
        upload = world.begin(part_bytes=4096)
        for address in world.addresses(upload, 1, 2, 3):
            first = address["first_byte"]
            put(address, BYTES[first : first + address["size_bytes"]])
        world.state(upload)
        world.complete(upload)
    file = File.objects.get(pk=world.finished(upload)["file_id"])
    with monkeypatch.context() as patch:
        patch.setattr(type(blob_storage()), "open", read)
        answer = world.client.get(f"/api/mc-dm-files/{file.pk}/download/")
    assert answer.status_code == 302
    assert (answer["X-Checksum-SHA256"], answer["Repr-Digest"][:8]) == (SHA256, "sha-256=")


def test_signed_address_is_in_no_log(world: World) -> None:
    url = world.begin()["urls"][0]["url"]
    token = url.rpartition("/")[2] if "/uploads/content/" in url else url.rpartition("Signature=")[2].partition("&")[0]
    assert len(token) > 20
    assert token not in redact(f"Bad Request: {url}")
