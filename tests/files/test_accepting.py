"""A moderator lets a rejected file through: who may, what happens, and what stays forbidden."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Category
from downloads.services import update_category, update_download
from downloads.warning_kinds import WARNING_KINDS
from files.accepting import accept_file
from files.blobs import keep_upload
from files.inspection.findings import Finding
from files.models import File
from files.public_names import PublicFileName
from files.services import add_file, restore_file
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import FileReference, find_sources
from files.uploads.intake import accept_upload
from files.uploads.validating import decide, validate_file
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.backoffice.categories import RejectedWarningsField
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, DomainError, Invalid, NotFound, Rejected
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.api.described import check
from tests.conftest import ApiClient
from tests.data.archives.build import HERE
from tests.data.artifacts import ARTIFACTS
from tests.factories import make_category, make_download, make_key, make_user, make_version, stage, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ESCAPING = (HERE / "reject/traversal~parent-folder.zip").read_bytes()
SETUID = (HERE / "warn/setuid~tool.zip").read_bytes()
REASON = "The vendor builds it like this, checked by hand."


def kept(version: Version, content: bytes = ESCAPING) -> File:
    """Return the file that an upload leaves behind that asks to keep rejected content."""
    accepted = accept_upload(actor=system(), version=version, upload=stage(content, "tool.zip"), keep_rejected=True)
    file = add_file(actor=system(), version=version, **vars(accepted))
    validate_file(file.pk)
    file.refresh_from_db()
    return file


@pytest.fixture
def moderator() -> User:
    return make_user("mod", is_staff=True, permissions=("moderate_download",))


@pytest.fixture
def file() -> File:
    return kept(make_version(make_download(make_user("author"))))


def publish(version: Version) -> None:
    other = keep_upload(stage(b"other", "other.bin"))
    add_file(actor=system(), version=version, filename="other.bin", blob=other, warnings=[])
    move(Move.PUBLISH, actor=system(), version=version)


def move_to(category: Category, file: File) -> None:
    download = file.version.download
    update_download(actor=Actor(user=download.owner), download=download, category=category)


def test_kept_file_failed_and_nobody_can_download_it(file: File) -> None:
    assert file.validation_status == "failed"
    client = ApiClient(make_key(file.version.download.owner))
    assert client.get(f"/api/mc-dm-files/{file.pk}/download/").status_code == 403


def test_accepted_file_is_offered_with_its_findings_as_warnings(file: File, moderator: User) -> None:
    publish(file.version)
    accept_file(actor=Actor(user=moderator), file=file, reason=f" {REASON} ")
    file = File.objects.get(pk=file.pk)
    assert (file.validation_status, file.accepted_by, file.accepted_reason) == ("passed", moderator, REASON)
    assert [warning["code"] for warning in file.warnings] == ["archive.traversal"]
    assert Version.objects.get(pk=file.version_id).file_count == 2
    assert PublicFileName.objects.filter(version=file.version, filename="tool.zip").exists()
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.reason, entry.actor_id) == ("file.accept", REASON, moderator.pk)
    assert entry.changes["findings"] == file.findings
    assert Event.objects.latest("id").type == "file.validated"
    assert Client().get(f"/api/mc-dm-files/{file.pk}/download/").getvalue() == ESCAPING


@pytest.mark.parametrize(("person", "error"), [("owner", Denied), ("stranger", NotFound), ("nobody", NotFound)])
def test_only_moderators_accept_a_failed_file(file: File, person: str, error: type[DomainError]) -> None:
    actor = {
        "owner": Actor(user=file.version.download.owner),
        "stranger": Actor(user=make_user("stranger")),
        "nobody": Actor(),
    }[person]
    with pytest.raises(error):
        accept_file(actor=actor, file=file, reason=REASON)
    file.refresh_from_db()
    assert file.validation_status == "failed"


def test_reason_is_required(file: File) -> None:
    with pytest.raises(Invalid, match="Enter the reason"):
        accept_file(actor=system(), file=file, reason="  ")


def test_file_that_did_not_fail_is_refused(file: File) -> None:
    accept_file(actor=system(), file=file, reason=REASON)
    with pytest.raises(Conflict, match="this one is passed"):
        accept_file(actor=system(), file=file, reason=REASON)


def test_files_that_failed_for_other_reasons_than_content_are_refused() -> None:
    blob = keep_upload(stage(b"x", "a.bin"))
    file = add_file(actor=system(), version=make_version(), filename="a.bin", blob=blob, warnings=None)
    decide(file, [Finding("name.public", "The name belongs to other bytes.")])
    with pytest.raises(Conflict, match=r"cannot be let through. The name belongs to other bytes"):
        accept_file(actor=system(), file=file, reason=REASON)


def test_name_that_was_public_with_other_bytes_stays_reserved() -> None:
    file = kept(make_version(state="draft"))
    PublicFileName.objects.create(version=file.version, folded_name="tool.zip", filename="tool.zip", sha256="0" * 64)
    with pytest.raises(Conflict, match="stays reserved"):
        accept_file(actor=system(), file=file, reason=REASON)


def test_sealed_version_is_refused(file: File) -> None:
    Version.objects.update(sealed_at=timezone.now())
    with pytest.raises(Conflict, match="sealed"):
        accept_file(actor=system(), file=file, reason=REASON)


def test_accepted_file_is_deleted_restored_and_moved_like_others(file: File) -> None:
    accept_file(actor=system(), file=file, reason=REASON)
    delete_file(actor=system(), file=file)
    restore_file(actor=system(), file=file)
    move_to(make_category(), file)
    assert File.objects.get(pk=file.pk).validation_status == "passed"


def test_acceptance_does_not_extend_to_copies(file: File) -> None:
    accept_file(actor=system(), file=file, reason=REASON)
    actor = Actor(user=file.version.download.owner)
    [source] = find_sources(actor, [FileReference(file.public_id)])
    with pytest.raises(Rejected):
        attach_file(actor=actor, version=make_version(file.version.download), source=source)


class TestRaisedWarnings:
    """A category raises a kind of warning to a reason to reject."""

    @pytest.fixture
    def version(self) -> Version:
        parent = make_category(rejected_warnings=["archive.setuid"])
        return make_version(make_download(make_user("author"), category=make_category(parent=parent)))

    def test_upload_is_refused(self, version: Version) -> None:
        with pytest.raises(Rejected, match="The category does not accept such files") as refused:
            accept_upload(actor=system(), version=version, upload=stage(SETUID, "tool.zip"))
        assert [finding["code"] for finding in refused.value.params["findings"]] == ["archive.setuid"]

    def test_worker_fails_the_file_until_a_moderator_accepts_it(self, version: Version) -> None:
        file = kept(version, SETUID)
        assert file.validation_status == "failed"
        assert accept_file(actor=system(), file=file, reason=REASON).validation_status == "passed"

    def test_other_kinds_stay_warnings(self, version: Version) -> None:
        content = (HERE / "warn/encrypted~password.zip").read_bytes()
        assert kept(version, content).validation_status == "passed"

    def test_category_below_can_accept_the_kind_again(self, version: Version) -> None:
        update_category(actor=system(), category=version.download.category, rejected_warnings=[])
        assert AuditEntry.objects.latest("id").changes == {"rejected_warnings": [None, []]}
        assert kept(Version.objects.get(pk=version.pk), SETUID).validation_status == "passed"

    def test_copy_from_another_category_is_refused(self, version: Version) -> None:
        lenient = kept(make_version(make_download(version.download.owner, category=make_category())), SETUID)
        actor = Actor(user=version.download.owner)
        [source] = find_sources(actor, [FileReference(lenient.public_id)])
        with pytest.raises(Rejected, match="does not accept such files"):
            attach_file(actor=actor, version=version, source=source)

    def test_download_with_such_a_file_cannot_move_there(self, version: Version) -> None:
        lenient = kept(make_version(make_download(category=make_category())), SETUID)
        with pytest.raises(Rejected, match=r"tool\.zip does not fit the rules of the new category"):
            move_to(version.download.category, lenient)

    def test_deleted_file_is_not_restored_there(self) -> None:
        file = kept(make_version(), SETUID)
        delete_file(actor=system(), file=file)
        category = file.version.download.category
        update_category(actor=system(), category=category, rejected_warnings=["archive.setuid"])
        with pytest.raises(Rejected, match="does not accept such files"):
            restore_file(actor=system(), file=File.all_objects.get(pk=file.pk))

    def test_category_that_lists_archives_accepts_all_their_forms(self) -> None:
        category = make_category(allowed_extensions=["tar", "docx"])
        version = make_version(make_download(category=category))
        for name in ("v7.tar", "packed.tar", "protected.docx"):
            upload = stage(ARTIFACTS[name].build(), name)
            accepted = accept_upload(actor=system(), version=version, upload=upload)
            assert add_file(actor=system(), version=version, **vars(accepted)).validation_status == "passed"

    def test_unknown_kind_is_refused(self, version: Version) -> None:
        with pytest.raises(Invalid, match=r"Unknown warning: archive\.traversal"):
            update_category(actor=system(), category=version.download.category, rejected_warnings=["archive.traversal"])


class TestInterfaces:
    def test_native_route_accepts_a_failed_file(self, file: File, moderator: User) -> None:
        path = "/api/files/{public_id}/accept/"
        author = ApiClient(make_key(file.version.download.owner))
        assert author.post(f"/api/files/{file.pk}/accept/", {"reason": REASON}).status_code == 403
        answer = ApiClient(make_key(moderator)).post(f"/api/files/{file.public_id}/accept/", {"reason": REASON})
        check(path, "post", answer)
        assert answer.json()["file"]["accepted_by"] == "mod"
        shown = author.get(f"/api/mc-dm-files/{file.pk}/?with=full").json()["file"]
        assert (shown["validation_status"], shown["accepted"]["reason"]) == ("passed", REASON)
        assert [warning["code"] for warning in shown["warnings"]] == ["archive.traversal"]

    def test_name_of_the_moderator_who_accepted_a_file_is_hidden_from_others(self, file: File) -> None:
        publish(file.version)
        accept_file(actor=system(), file=file, reason=REASON)
        answer = Client().get(f"/api/mc-dm-files/{file.pk}/?with=full")
        assert answer.json()["file"]["accepted"] is None
        download = file.version.download
        team = Client()
        team.force_login(download.owner)
        for client, is_told in ((team, True), (Client(), False)):
            page = client.get(f"/downloads/{download.slug}.{download.pk}/", follow=True).content.decode()
            assert (REASON in page) is is_told

    def test_mc_dm_upload_keeps_a_rejected_file_on_request(self) -> None:
        version = make_version(make_download(make_user("author")))
        client = ApiClient(make_key(version.download.owner))

        def send(**fields: Any) -> Any:
            return client.post("/api/mc-dm-files/", form(version, **fields))

        assert send().status_code == 422
        assert not File.objects.exists()
        assert send(keep_rejected="1").json()["file"]["validation_status"] == "pending"

    def test_admin_action_needs_a_reason(self, file: File, moderator: User, client: Client) -> None:
        client.force_login(moderator)
        page = reverse("admin:files_file_change", args=[file.pk])
        url = reverse("admin:files_file_act", args=[file.pk, "accept"])
        assert "leads out of the archive (..). <code>archive.traversal</code>" in client.get(page).content.decode()
        client.post(url, {"confirmed": "1"})
        file.refresh_from_db()
        assert file.validation_status == "failed"
        client.post(url, {"confirmed": "1", "reason": REASON})
        file.refresh_from_db()
        assert (file.validation_status, file.accepted_by) == ("passed", moderator)
        assert REASON in client.get(page).content.decode()


def form(version: Version, **fields: Any) -> dict[str, Any]:
    return {"version_id": version.pk, **fields, "file": SimpleUploadedFile("tool.zip", ESCAPING)}


def test_category_api_shows_and_changes_what_is_rejected() -> None:
    client = ApiClient(make_key(is_super_user=True))
    parent = make_category(rejected_warnings=["archive.bomb"])
    path = f"/api/mc-dm-categories/{make_category(parent=parent).pk}/?with=full"

    def put(value: list[str]) -> Any:
        answer = client.send("put", path, {"rejected_warnings": value})
        return answer.json()["category"]["rejected_warnings"] if answer.status_code == 200 else answer.status_code

    assert client.get(path).json()["category"]["rejected_warnings"] == ["archive.bomb"]
    assert put(["archive.split", "archive.setuid"]) == ["archive.setuid", "archive.split"]
    assert put([]) == []
    assert put(["inherit"]) == ["archive.bomb"]
    assert put(["archive.no_such"]) == 400


@pytest.mark.parametrize(
    ("chosen", "stored"),
    [([], None), (["none"], []), (["archive.split", "archive.bomb"], ["archive.bomb", "archive.split"])],
)
def test_category_form_has_a_checkbox_for_each_kind(client: Client, chosen: list[str], stored: Any) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    category = make_category(rejected_warnings=["archive.setuid"])
    url = reverse("admin:downloads_category_change", args=[category.pk])
    form = client.get(url).context["adminform"].form
    assert "Parts of a split archive, which cannot be checked as a whole" in str(form["rejected_warnings"])
    assert form["rejected_warnings"].value() == ["archive.setuid"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(url, {**values, "rejected_warnings": chosen}).status_code == 302
    category.refresh_from_db()
    assert category.rejected_warnings == stored


def test_category_form_refuses_none_together_with_a_kind() -> None:
    with pytest.raises(ValidationError, match="Select either"):
        RejectedWarningsField().clean(["none", "archive.bomb"])


def test_document_lists_the_kinds_of_warnings() -> None:
    text = (Path(__file__).parents[2] / "docs/inspection.md").read_text(encoding="utf-8")
    table = text.partition("## Warnings\n")[2].partition("## Reasons")[0]
    assert re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE) == list(WARNING_KINDS)
