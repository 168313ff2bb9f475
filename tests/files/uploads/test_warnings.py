"""Files with warnings are offered like all others, and the warnings are stored for the team and staff."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from files.blobs import keep_upload
from files.models import File
from files.services import add_file
from files.snapshots import file_snapshot
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import FileReference, find_sources
from files.uploads.intake import accept_upload
from files.uploads.validating import validate_file
from releasehub.core.actor import Actor
from releasehub.core.errors import Rejected
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient
from tests.data.archives.build import HERE
from tests.factories import make_download, make_key, make_loose_upload, make_user, make_version, stage, system
from versions.models import Version

pytestmark = pytest.mark.django_db
SETUID = (HERE / "warn/setuid~tool.zip").read_bytes()
SENTENCE = "would run with the rights of its owner"


def upload(version: Version, content: bytes = SETUID, name: str = "tool.zip") -> File:
    accepted = accept_upload(actor=system(), version=version, upload=stage(content, name))
    return add_file(actor=system(), version=version, **vars(accepted))


def pending(version: Version, content: bytes = SETUID) -> File:
    blob = keep_upload(stage(content, "tool.zip"))
    return add_file(actor=system(), version=version, filename="tool.zip", blob=blob, warnings=None)


def codes(file: File) -> list[str]:
    return [finding["code"] for finding in file.findings]


def test_file_with_warnings_passes_and_keeps_them() -> None:
    file = upload(make_version())
    assert (file.validation_status, codes(file)) == ("passed", ["archive.setuid"])
    assert Version.objects.get(pk=file.version_id).file_count == 1


def test_worker_passes_a_file_with_warnings() -> None:
    file = pending(make_version())
    assert validate_file(file.pk) == File.Validation.PASSED
    file.refresh_from_db()
    assert codes(file) == ["archive.setuid"]
    assert Version.objects.get(pk=file.version_id).file_count == 1
    assert Event.objects.filter(object_type="file").order_by("pk").last().type == "file.validated"  # type: ignore[union-attr]


def test_reason_to_reject_still_refuses_the_file() -> None:
    with pytest.raises(Rejected):
        upload(make_version(), (HERE / "reject/traversal~parent-folder.zip").read_bytes())
    assert not File.all_objects.exists()


def test_file_with_warnings_is_scanned_for_viruses(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SCANNER_ADDRESS = "127.0.0.1:1"
    monkeypatch.setattr("files.inspection.content.scan", lambda chunks, *, address: "Test.Virus")
    file = pending(make_version())
    assert validate_file(file.pk) == File.Validation.FAILED
    file.refresh_from_db()
    assert codes(file) == ["scanner.found", "archive.setuid"]


@pytest.mark.parametrize("is_copy", [False, True])
def test_attached_bytes_keep_their_warnings(is_copy: bool) -> None:
    version = make_version(make_download(make_user()))
    actor = Actor(user=version.download.owner)
    if is_copy:
        reference = upload(version).public_id
        version = make_version(version.download)
    else:
        reference = make_loose_upload(version.download.owner, name="tool.zip", content=SETUID).public_id
    [source] = find_sources(actor, [FileReference(reference)])
    file = attach_file(actor=actor, version=version, source=source)
    assert (file.validation_status, codes(file)) == ("passed", ["archive.setuid"])


class TestReaders:
    """Who sees the warnings."""

    @pytest.fixture
    def file(self) -> File:
        file = upload(make_version(make_download(make_user("author"))))
        move(Move.PUBLISH, actor=system(), version=file.version)
        return file

    def test_api_shows_warnings_to_the_team(self, file: File) -> None:
        full = f"/api/mc-dm-files/{file.pk}/?with=full"
        listed = f"/api/mc-dm-files/?version_id={file.version_id}&with=full"
        client = ApiClient(make_key(file.version.download.owner))
        for row in (client.get(full).json()["file"], client.get(listed).json()["files"][0]):
            assert [sorted(warning) for warning in row["warnings"]] == [["code", "message"]]
            assert row["warnings"][0]["code"] == "archive.setuid"
            assert SENTENCE in row["warnings"][0]["message"]
            assert row["findings"] == []

    def test_api_hides_warnings_from_everybody_else(self, file: File) -> None:
        for client in (Client(), ApiClient(make_key(make_user("stranger")))):
            answer = client.get(f"/api/mc-dm-files/{file.pk}/?with=full")
            assert (answer.json()["file"]["warnings"], answer.json()["file"]["findings"]) == ([], [])
            assert SENTENCE not in answer.content.decode()

    def test_pages_show_warnings_to_the_team_only(self, file: File) -> None:
        team, staff = Client(), Client()
        team.force_login(file.version.download.owner)
        staff.force_login(make_user("staff", is_staff=True, is_superuser=True))
        download = file.version.download
        page = f"/downloads/{download.slug}.{download.pk}/"
        for client, is_told in ((team, True), (staff, True), (Client(), False)):
            answer = client.get(page, follow=True)
            assert (answer.status_code, SENTENCE in answer.content.decode()) == (200, is_told)
        assert SENTENCE in staff.get(f"/admin/files/file/{file.pk}/change/").content.decode()

    def test_webhooks_do_not_carry_warnings(self, file: File) -> None:
        assert file_snapshot(file)["findings"] == []
