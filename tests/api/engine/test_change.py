"""Changing and deleting a version: `PATCH` and `DELETE /version/{id}`."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from downloads.models import TeamMember
from downloads.services import set_team_member, update_download
from files.models import File
from releasehub.audit.models import AuditEntry
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.api.engine.conftest import Engine
from tests.api.engine.test_create import refused
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_loose_upload, make_user, system
from tests.undoing import undone
from versions.models import Version

pytestmark = pytest.mark.django_db
SHA512 = hashlib.sha512(b"engine").hexdigest()


CHANGES = [
    ("name", "Other"),
    ("version_number", "1.0.1"),
    ("changelog", "Other"),
    ("changelog", None),
    ("changelog_url", "https://example.com/other"),
    ("changelog_url", None),
    ("version_type", "beta"),
    ("status", "unlisted"),
    ("status", "archived"),
    ("status", "draft"),
    ("github_release_url", "https://github.com/o/r/releases/tag/v2"),
]


def test_partial_update_changes_only_the_given_fields(engine: Engine, subtests: pytest.Subtests) -> None:
    version = engine.version(
        title="Engine", files=1, changelog="Fixed it.", changelog_url="https://example.com/changelog"
    )
    before = engine.client.get(f"/version/{version.public_id}").json()
    for field, value in CHANGES:
        with subtests.test(f"{field} {value}"), undone():
            answer = engine.patch(version, **{field: value})
            assert (answer.status_code, answer.json()[field]) == (200, value)
            volatile = {field, "files"}  # the permanent link of a file holds number and channel
            assert {k: v for k, v in answer.json().items() if k not in volatile} == {
                k: v for k, v in before.items() if k not in volatile
            }


@pytest.mark.embedded
def test_every_status_change_is_possible(engine: Engine) -> None:
    version = engine.version(files=1)
    for status in ("draft", "listed", "archived", "unlisted", "draft", "archived", "listed", "draft", "unlisted"):
        assert engine.patch(version, status=status).json()["status"] == status


@pytest.mark.embedded
def test_draft_is_scheduled_and_moved(engine: Engine) -> None:
    version = engine.version(state="draft", files=1)
    assert "publish_at" in refused(engine.patch(version, publish_at="2999-01-01T00:00:00Z"))
    engine.patch(version, status="scheduled", publish_at="2999-01-01T00:00:00Z")
    answer = engine.patch(version, publish_at="2998-01-01T00:00:00Z").json()
    assert (answer["status"], answer["date_published"]) == ("scheduled", "2998-01-01T00:00:00Z")


@pytest.mark.embedded
def test_scheduled_version_can_be_listed_now(engine: Engine) -> None:
    version = engine.version(state="draft", files=1)
    move(Move.SCHEDULE, actor=system(), version=version, publish_at=timezone.now() + timedelta(days=1))
    assert engine.patch(version, status="listed").json()["status"] == "listed"


@pytest.mark.embedded
def test_sending_the_current_type_and_status_changes_nothing(engine: Engine) -> None:
    version = engine.version(channel="nightly", visibility="private")
    assert engine.patch(version, version_type="alpha", status="draft").status_code == 200
    version.refresh_from_db()
    assert (version.channel, version.visibility, version.state) == ("nightly", "private", "published")


def test_files_are_added(engine: Engine) -> None:
    version = engine.version(files=1)
    upload = make_loose_upload(engine.owner, name="more.bin")
    answer = engine.patch(version, files=[{"file_id": upload.public_id}]).json()
    assert [file["filename"] for file in answer["files"]] == ["file-0.bin", "more.bin"]
    path = f"/version/{version.public_id}/file"
    last = make_loose_upload(engine.owner, name="last.bin")
    answer = engine.client.send("post", path, {"files": [{"file_id": last.public_id}]})
    assert answer.status_code == 200
    assert [file["filename"] for file in answer.json()["files"]] == ["file-0.bin", "more.bin", "last.bin"]
    assert "files" in refused(engine.client.send("post", path, {"name": "Other"}))


def test_draft_gets_its_file_and_is_listed_in_one_step(engine: Engine) -> None:
    version = engine.version(state="draft")
    refused(engine.patch(version, status="listed"))
    upload = make_loose_upload(engine.owner)
    assert engine.patch(version, status="listed", files=[{"file_id": upload.public_id}]).json()["status"] == "listed"


def test_failed_change_rolls_back_completely(engine: Engine) -> None:
    version = engine.version(state="draft")
    refused(engine.patch(version, name="Other", status="listed"))
    version.refresh_from_db()
    assert version.title == ""


@pytest.mark.embedded
def test_sealed_version_can_only_change_its_visibility(engine: Engine) -> None:
    update_download(actor=system(), download=engine.download, seal_on_publish=True)
    version = engine.version(state="draft", files=1)
    engine.patch(version, status="listed")
    refused(engine.patch(version, name="Other"), 409, "version_is_sealed")
    upload = make_loose_upload(engine.owner)
    refused(engine.patch(version, files=[{"file_id": upload.public_id}]), 409, "version_is_sealed")
    assert engine.patch(version, status="unlisted").json()["status"] == "unlisted"


@pytest.mark.embedded
def test_sealed_version_without_downloads_can_be_reopened_and_changed(engine: Engine) -> None:
    update_download(actor=system(), download=engine.download, seal_on_publish=True)
    version = engine.version(state="draft", files=1)
    engine.patch(version, status="listed")
    answer = engine.patch(version, status="draft", name="Other").json()
    assert (answer["status"], answer["name"]) == ("draft", "Other")


@pytest.mark.embedded
def test_platform_unknown_is_read_but_not_accepted(engine: Engine) -> None:
    assert "reading only" in refused(engine.patch(engine.version(), status="unknown"))


def test_stale_if_match_is_412(engine: Engine) -> None:
    path = f"/version/{engine.version().public_id}"
    tag = engine.client.get(path)["ETag"]
    assert engine.client.send("patch", path, {"name": "A"}, headers={"If-Match": f"W/{tag}"}).status_code == 200
    for verb in ("patch", "delete"):
        answer = engine.client.send(verb, path, {"name": "B"}, headers={"If-Match": tag})
        refused(answer, 412, "precondition_failed")


@pytest.mark.embedded
@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_writes_without_permission_are_rejected(engine: Engine, verb: str) -> None:
    path = f"/version/{engine.version().public_id}"
    refused(engine.guest.send(verb, path, {"name": "X"}), 401, "unauthorized")
    refused(ApiClient(make_key()).send(verb, path, {"name": "X"}), 403, "forbidden")
    read_only = ApiClient(make_key(engine.owner, scopes=["version:read"]))
    refused(read_only.send(verb, path, {"name": "X"}), 403, "forbidden")
    draft = f"/version/{engine.version('2.0.0', state='draft').public_id}"
    refused(ApiClient(make_key()).send(verb, draft, {"name": "X"}), 404, "not_found")


def test_version_is_deleted_softly_with_a_reason(engine: Engine) -> None:
    version = engine.version(files=1)
    answer = engine.client.delete(f"/version/{version.public_id}?reason=broken")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(engine.guest.get(f"/version/{version.public_id}"), 404, "not_found")
    assert Version.all_objects.get().delete_reason == "broken"
    assert AuditEntry.objects.filter(action="version.delete_soft", reason="broken").exists()


@pytest.mark.embedded
@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_deleted_version_has_to_be_restored_first(engine: Engine, verb: str) -> None:
    version = engine.version()
    delete_version(actor=system(), version=version)
    refused(engine.client.send(verb, f"/version/{version.public_id}", {"name": "X"}), 409, "is_deleted")


def test_file_is_removed_by_its_hash(engine: Engine) -> None:
    file = engine.file(content=b"engine")
    make_file(file.version)
    assert engine.client.delete(f"/version_file/{SHA512.upper()}?reason=old").status_code == 204
    assert File.all_objects.get(pk=file.pk).delete_reason == "old"
    assert File.objects.count() == 1


@pytest.mark.embedded
def test_ambiguous_checksum_requires_the_version(engine: Engine) -> None:
    first, second, last = (engine.file(number, content=b"engine") for number in ("1.0.0", "2.0.0", "3.0.0"))
    path = f"/version_file/{SHA512}"
    assert "version_id" in refused(engine.client.delete(path), 400, "Invalid query parameters")
    assert engine.client.delete(f"{path}?version_id={first.version.public_id}").status_code == 204
    assert engine.client.delete(f"{path}?id={second.version.public_id}").status_code == 204
    assert list(File.objects.all()) == [last]


@pytest.mark.embedded
def test_removal_of_an_unknown_file_is_404(engine: Engine) -> None:
    engine.file(content=b"engine")
    refused(engine.client.delete(f"/version_file/{'0' * 128}"), 404, "not_found")
    refused(engine.client.delete(f"/version_file/{SHA512}?version_id={'a' * 24}"), 404, "not_found")


@pytest.mark.embedded
def test_removal_needs_the_right_to_manage_files(engine: Engine) -> None:
    engine.file(content=b"engine")
    publisher = make_user()
    set_team_member(actor=system(), download=engine.download, user=publisher, flags={TeamMember.FLAGS[1]})
    path = f"/version_file/{SHA512}"
    refused(engine.guest.delete(path), 401, "unauthorized")
    for user in (make_user(), publisher):
        refused(ApiClient(make_key(user)).delete(path), 403, "forbidden")
    assert File.objects.count() == 1
