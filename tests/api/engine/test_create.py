"""Creating a version: `POST /version`."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.services import update_category, update_download
from files.models import File, UploadSession
from releasehub.audit.models import AuditEntry
from releasehub.webhooks.models import Event
from tests.api.engine.conftest import PAGE, Engine
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_loose_upload, make_user, make_version, system
from tests.undoing import undone
from versions.models import Version

pytestmark = pytest.mark.django_db
FIELDS = [
    "name", "version_number", "changelog", "changelog_url", "version_type", "status", "id", "author_id",
    "date_published", "files", "github_release_url",
]  # fmt: skip


def refused(answer: Any, status: int = 400, error: str = "invalid_input") -> str:
    """Return the description of the error."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert list(answer.json()) == ["error", "description"]
    return str(answer.json()["description"])


def test_version_and_file_have_exactly_the_documented_members(engine: Engine) -> None:
    answer = engine.post()
    assert (answer.status_code, list(answer.json())) == (200, FIELDS)
    assert list(answer.json()["files"][0]) == ["hash", "url", "filename", "size", "architecture"]


def test_every_sent_field_is_stored(engine: Engine) -> None:
    upload = make_loose_upload(engine.owner, name="engine-win.zip.bin", content=b"engine")
    digest = hashlib.sha512(b"engine").hexdigest()
    sent = {
        "name": "Version 1.0.0", "version_number": "1.0.0", "changelog": "Fixed it.", "version_type": "beta",
        "changelog_url": "https://example.com/changelog", "status": "unlisted", "github_release_url": PAGE,
    }  # fmt: skip
    file = {"file_id": upload.public_id, "platform": "Windows", "architecture": "x64", "hash": digest.upper()}
    answer = engine.post(**sent, files=[file]).json()
    assert {name: answer[name] for name in sent} == sent
    assert answer["author_id"] == engine.owner.public_id
    url = "http://testserver/d/engine/1.0.0/engine-win.zip.bin?channel=beta"
    shown = {"hash": digest, "url": url, "filename": "engine-win.zip.bin", "size": 6, "architecture": "x64"}
    assert answer["files"] == [shown]
    assert File.objects.get().platform == "Windows"


def test_permanent_link_gives_the_bytes(engine: Engine) -> None:
    upload = make_loose_upload(engine.owner, content=b"engine")
    url = engine.post(files=[{"file_id": upload.public_id}]).json()["files"][0]["url"]
    answer: Any = engine.guest.get(url)
    assert answer.status_code == 302 or b"".join(answer) == b"engine"


@pytest.mark.embedded
def test_date_is_in_whole_seconds_of_utc(engine: Engine) -> None:
    answer = engine.post().json()
    assert answer["date_published"] == f"{Version.objects.get().published_at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.embedded
def test_fields_beside_data_are_read_too(engine: Engine) -> None:
    body = engine.body()["data"]
    outside = {name: body.pop(name) for name in ("github_release_url", "files")}
    answer = engine.client.send("post", "/version", {"data": body, **outside})
    assert (answer.status_code, len(answer.json()["files"])) == (200, 1)


@pytest.mark.embedded
def test_raw_key_in_authorization_works(engine: Engine) -> None:
    headers = {"Authorization": make_key(engine.owner)}
    assert engine.guest.send("post", "/version", engine.body(), headers=headers).status_code == 200


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("status", "state", "visibility"),
    [
        ("listed", "published", "listed"),
        ("unlisted", "published", "unlisted"),
        ("archived", "archived", "listed"),
        ("draft", "draft", "listed"),
    ],
)
def test_status_is_returned_as_sent(engine: Engine, status: str, state: str, visibility: str) -> None:
    assert engine.post(status=status).json()["status"] == status
    version = Version.objects.get()
    assert (version.state, version.visibility) == (state, visibility)


@pytest.mark.embedded
def test_scheduled_status_requires_a_future_time(engine: Engine) -> None:
    assert "publish_at" in refused(engine.post(status="scheduled"))
    answer = engine.post(status="scheduled", publish_at="2999-01-01T00:00:00Z").json()
    assert (answer["status"], answer["date_published"]) == ("scheduled", "2999-01-01T00:00:00Z")


@pytest.mark.embedded
def test_time_without_scheduled_is_refused(engine: Engine) -> None:
    assert "publish_at" in refused(engine.post(status="listed", publish_at="2999-01-01T00:00:00Z"))


@pytest.mark.embedded
@pytest.mark.parametrize(("sent", "channel"), [("release", "stable"), ("beta", "beta"), ("alpha", "alpha")])
def test_version_type_is_the_channel(engine: Engine, sent: str, channel: str) -> None:
    assert engine.post(version_type=sent).json()["version_type"] == sent
    assert Version.objects.get().channel == channel


@pytest.mark.embedded
def test_version_without_status_and_type_is_listed_in_the_default_channel(engine: Engine) -> None:
    update_download(actor=system(), download=engine.download, default_channel="beta")
    answer = engine.post().json()
    assert (answer["status"], answer["version_type"], answer["name"]) == ("listed", "beta", "Engine 1.0.0")


@pytest.mark.embedded
def test_platform_unknown_is_read_but_not_accepted(engine: Engine) -> None:
    assert "reading only" in refused(engine.post(status="unknown"))


@pytest.mark.embedded
def test_category_with_approval_makes_the_version_pending(engine: Engine) -> None:
    update_category(actor=system(), category=engine.download.category, requires_approval=True)
    assert engine.post().json()["status"] == "draft"
    assert Version.objects.get().state == "pending"


@pytest.mark.embedded
@pytest.mark.parametrize("status", ["listed", "unlisted", "archived"])
def test_only_a_draft_has_no_file(engine: Engine, status: str) -> None:
    assert "file" in refused(engine.post(status=status, files=[]))
    assert not Version.all_objects.exists()
    assert engine.post(status="draft", files=[]).json()["files"] == []


def test_file_by_its_id_is_attached_as_a_new_row(engine: Engine) -> None:
    known = make_file(engine.version("0.9.0"), platform="linux", architecture="arm64")
    shown = engine.post(files=[{"file_id": known.public_id}]).json()["files"][0]
    assert (shown["filename"], shown["architecture"]) == (known.filename, "arm64")
    assert File.objects.filter(blob=known.blob).count() == 2


def test_asset_number_waits_for_the_worker(engine: Engine) -> None:
    answer = engine.post(files=[{"file_id": "8828197", "architecture": "x64", "hash": "A" * 128}])
    known = {"hash": "a" * 128, "url": PAGE, "filename": "asset-8828197", "size": 0, "architecture": "x64"}
    assert (answer.json()["status"], answer.json()["files"]) == ("listed", [known])
    file = File.objects.get()
    assert (file.external_reference, file.validation_status) == ("8828197", "pending")
    assert engine.guest.get(f"/version/{answer.json()['id']}").json()["files"] == []


@pytest.mark.embedded
def test_asset_number_may_be_a_number(engine: Engine) -> None:
    assert engine.post(files=[{"file_id": 8828197}]).status_code == 200


@pytest.mark.embedded
def test_asset_number_needs_a_release_page(engine: Engine) -> None:
    description = refused(engine.post(github_release_url="https://example.com/", files=[{"file_id": "77"}]))
    assert "github_release_url" in description
    assert not Version.all_objects.exists()


def foreign_upload(engine: Engine) -> str:
    return make_loose_upload(make_user()).public_id


def unfinished_upload(engine: Engine) -> str:
    upload = make_loose_upload(engine.owner)
    UploadSession.objects.filter(pk=upload.pk).update(state="uploaded")
    return upload.public_id


def hidden_file(engine: Engine) -> str:
    return make_file(make_version(make_download(visibility="private"))).public_id


def nothing(engine: Engine) -> str:
    return "a" * 24


@pytest.mark.embedded
@pytest.mark.parametrize("reference", [foreign_upload, unfinished_upload, hidden_file, nothing])
def test_attaching_without_permission_is_rejected(engine: Engine, reference: Any) -> None:
    known = make_loose_upload(engine.owner).public_id
    unknown = reference(engine)
    assert "File 2" in refused(engine.post(files=[{"file_id": known}, {"file_id": unknown}]))
    assert not Version.all_objects.filter(download=engine.download).exists()


def test_content_that_differs_from_its_checksum_is_rejected(engine: Engine) -> None:
    upload = make_loose_upload(engine.owner)
    assert "SHA-512" in refused(engine.post(files=[{"file_id": upload.public_id, "hash": "0" * 128}]))
    assert "MD5" in refused(engine.post(files=[{"file_id": upload.public_id, "hash": "0" * 32}]))


def test_failed_creation_stores_neither_version_nor_files(engine: Engine) -> None:
    """The second file has the same name as the first, which only the service detects."""
    files = [{"file_id": make_loose_upload(engine.owner, name="same.bin").public_id} for _ in range(2)]
    before = (Event.objects.count(), AuditEntry.objects.count())
    refused(engine.post(files=files), 409, "file_name_taken")
    assert (Version.all_objects.count(), File.all_objects.count()) == (0, 0)
    assert (Event.objects.count(), AuditEntry.objects.count()) == before
    assert UploadSession.objects.filter(blob=None).count() == 0


def test_creation_is_recorded_and_announced(engine: Engine) -> None:
    engine.post()
    types = set(Event.objects.values_list("type", flat=True))
    assert {"version.created", "file.created", "version.published"} <= types
    assert AuditEntry.objects.filter(action="version.create").exists()


def test_sealing_download_attaches_files_before_publishing(engine: Engine) -> None:
    update_download(actor=system(), download=engine.download, seal_on_publish=True)
    assert len(engine.post().json()["files"]) == 1
    assert Version.objects.get().sealed_at is not None


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["version_number", "github_release_url"])
def test_missing_field_is_reported(engine: Engine, name: str) -> None:
    body = engine.body()
    del body["data"][name]
    assert name in refused(engine.client.send("post", "/version", body))


@pytest.mark.parametrize("number", ["1.0.0", "1.0"])
def test_used_number_is_invalid_input(engine: Engine, number: str) -> None:
    engine.version("1.0.0")
    assert "version_number" in refused(engine.post(version_number=number))


@pytest.mark.embedded
def test_no_key_is_401(engine: Engine) -> None:
    assert "Authorization" in refused(engine.guest.send("post", "/version", engine.body()), 401, "unauthorized")


@pytest.mark.embedded
def test_unknown_key_is_401(engine: Engine) -> None:
    answer = engine.guest.send("post", "/version", engine.body(), headers={"Authorization": "rh_wrong"})
    refused(answer, 401, "unauthorized")


@pytest.mark.embedded
def test_outsider_is_403(engine: Engine) -> None:
    client = ApiClient(make_key())
    refused(client.send("post", "/version", engine.body(files=[{"file_id": "77"}])), 403, "forbidden")


@pytest.mark.embedded
def test_key_without_scope_is_403(engine: Engine) -> None:
    client = ApiClient(make_key(engine.owner, scopes=["version:read"]))
    assert "version:write" in refused(client.send("post", "/version", engine.body()), 403, "forbidden")


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"data": []}', 400),
        ("application/json", b'{"data": null}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b'{"data": {"name": "\\ud800"}}', 400),
        ("application/json", b" " * (2 * 1024 * 1024 + 1), 413),
        ("application/x-www-form-urlencoded", b"data=1", 415),
        ("text/xml", b"<a/>", 415),
    ],
)
def test_unreadable_bodies_are_refused(engine: Engine, content_type: str, body: bytes, status: int) -> None:
    answer = engine.client.generic("POST", "/version", body, content_type=content_type)
    assert (answer.status_code, list(answer.json())) == (status, ["error", "description"])


SENT = ["name", "version_number", "changelog", "changelog_url", "version_type", "status", "publish_at", "files"]
WRONG = [None, [], {}, "", "x" * 100_001, -1, 2**70, True, "\x00", ["a"], [[]], [{}], [None], 1.5]


@pytest.mark.embedded
@pytest.mark.parametrize("field", [*SENT, "github_release_url", "hash", "file_id", "platform"])
def test_no_value_of_any_type_breaks_a_write(engine: Engine, field: str) -> None:
    """Every field gets half of the values, and every value half of the fields; see also `test_bad_bodies.py`."""
    inner = {"hash", "file_id", "platform"}
    known = engine.body()["data"]
    for value in WRONG[len(field) % 2 :: 2]:
        wrong = {"files": [{"file_id": "77", field: value}]} if field in inner else {field: value}
        with undone():
            answer = engine.client.send("post", "/version", {"data": known | wrong})
        assert answer.status_code in {200, 400}, (value, answer.content)
        assert answer.status_code == 200 or answer.json()["error"] == "invalid_input"


def test_same_idempotency_key_makes_one_version(engine: Engine) -> None:
    body = engine.body()
    first, second = (engine.client.send("post", "/version", body, headers={"Idempotency-Key": "a"}) for _ in range(2))
    assert first.content == second.content
    assert Version.objects.count() == 1


@pytest.mark.embedded
def test_query_count_per_file_is_constant(engine: Engine) -> None:
    counts = []
    for number, files in enumerate((1, 2, 3, 4)):
        body = engine.body(
            version_number=f"{number}.0.0",
            files=[{"file_id": make_loose_upload(engine.owner, name=f"{i}.bin").public_id} for i in range(files)],
        )
        with CaptureQueriesContext(connection) as queries:
            assert engine.client.send("post", "/version", body).status_code == 200
        counts.append(len([query for query in queries if "SAVEPOINT" not in (query["sql"] or "")]))
    steps = {later - earlier for earlier, later in pairwise(counts[1:])}
    assert len(steps) == 1
    assert counts[1] <= 66
    assert steps.pop() <= 21  # two of them lock the bytes of the file, and ask whether they are in quarantine
