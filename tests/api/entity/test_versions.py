"""The upload in two steps, and the other operations on versions."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from downloads.models import TeamMember
from downloads.services import set_team_member, share_download
from files.inspection.archives import QUICK_LIMITS, TooManySteps, inspect_archive
from files.models import Blob, File, PackageUpload, UploadSession
from files.storage import blob_storage
from files.uploads import intake
from files.uploads.tasks import sweep_uploads
from files.uploads.validating import validate_file
from releasehub.api.common.idempotency import HEADER
from releasehub.core.errors import StorageUnavailable
from releasehub.distribution.counting import aggregate_download_events
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.api.entity.world import LOCKFILE, World, acting, moment, source, upload, zipped
from tests.api.native.test_uploads import left_behind
from tests.conftest import ApiClient, Ready
from tests.factories import make_user, make_version, system
from versions.models import Version
from versions.services import update_version

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(World) as made:
        yield made


def refused(answer: dict[str, Any], code: str) -> bool:
    return bool(answer["error"] == code)


def test_announce_returns_two_urls_and_paths(world: World) -> None:
    answer = world.announce()
    assert answer["expires_in"] == 3600
    assert len({answer[name] for name in ("storage_path", "package_lock_path")}) == 2
    assert answer["upload_url"] != answer["lockfile_upload_url"]
    assert not Version.objects.exists()


def test_known_source_hash_returns_the_existing_version(world: World) -> None:
    made = world.pushed()
    before = UploadSession.objects.count()
    answer = world.announce(source_hash=made["source_hash"].upper())
    assert (answer["exists"], answer["version"]["id"]) == (True, made["id"])
    assert "upload_url" not in answer
    assert UploadSession.objects.count() == before


def test_force_announces_known_source_again(world: World) -> None:
    made = world.pushed()
    assert world.announce(source_hash=made["source_hash"], force=True)["upload_url"]


def test_source_hash_of_a_deleted_version_can_be_announced_again(world: World) -> None:
    made = world.pushed()
    assert world.client.send("delete", f"{world.url}/versions/{made['id']}").status_code == 204
    assert world.announce(source_hash=made["source_hash"])["upload_url"]


@pytest.mark.embedded
def test_same_source_of_another_entity_is_not_revealed(world: World) -> None:
    made = World().pushed()
    assert world.announce(source_hash=made["source_hash"])["upload_url"]


@pytest.mark.parametrize("digits", [40, 64, 128])
def test_lengths_of_source_hashes(world: World, digits: int) -> None:
    world.announce(source_hash="a" * digits)


@pytest.mark.embedded
@pytest.mark.parametrize("text", ["", "a" * 39, "a" * 41, "g" * 64, "a" * 64 + "\n", 5, None, ["a" * 64]])
def test_other_source_hashes_are_refused(world: World, text: Any) -> None:
    assert refused(world.announce(source_hash=text, status=400), "invalid_input")


@pytest.mark.embedded
@pytest.mark.parametrize(
    "text",
    ["1.0.0", "2024.6.10-153042", "2024.06.10-15304", "2024.02.30-000000", "2024.06.10-246060", "2024.06.10-153042\n",
     "٢٠٢٤.٠٦.١٠-١٥٣٠٤٢", "2024.06.10-153042 ", "0000.01.01-000000", "", None, 5],
)  # fmt: skip
def test_other_version_strings_are_refused(world: World, text: Any) -> None:
    assert refused(world.announce(version=text, status=400), "invalid_input")


def test_used_number_is_refused_early(world: World) -> None:
    made = world.pushed()
    assert refused(world.announce(version=made["version"], status=409), "version_number_taken")


@pytest.mark.embedded
def test_base_version_of_another_entity_is_refused(world: World) -> None:
    other = make_version(World().entity, moment())
    assert refused(world.announce(base_version_id=other.public_id, status=404), "not_found")


@pytest.mark.embedded
@pytest.mark.parametrize("step", ["upload-url", "confirm"])
def test_only_publishers_upload(world: World, step: str) -> None:
    reader = make_user()
    share_download(actor=acting(world.owner), download=world.entity, user=reader)
    body = world.uploaded()
    for user, status in ((reader, 403), (make_user(), 404)):
        assert world.as_user(user).send("post", f"{world.url}/versions/{step}", body).status_code == status


def test_confirm_makes_a_published_version_with_its_files(world: World) -> None:
    base = world.pushed()
    content = zipped("new")
    announced = world.announce(base_version_id=base["id"])
    world.send(announced, content)
    body = world.confirmation(announced, content, package_json={"name": "timer"}, service_dependencies=["db"])
    shown = world.confirm(body)
    assert (shown["state"], shown["base_version_id"], shown["package_json"]) == (
        "published",
        base["id"],
        {"name": "timer"},
    )
    assert (shown["file_size_bytes"], shown["has_lockfile"], shown["is_active"]) == (len(content), True, False)
    kinds = {file.kind: file.validation_status for file in world.version(shown).files.all()}
    assert kinds == {"package": "passed", "lockfile": "passed"}


def test_confirm_can_activate(world: World) -> None:
    first, second = world.pushed(set_as_active=True), world.pushed(set_as_active=True)
    assert [world.version(shown).is_active for shown in (first, second)] == [False, True]


@pytest.mark.embedded
def test_confirm_without_a_lockfile_drops_its_place(world: World) -> None:
    content = zipped()
    announced = world.announce()
    world.send(announced, content, lockfile=LOCKFILE)
    shown = world.confirm(world.confirmation(announced, content, package_lock_path=None))
    assert shown["has_lockfile"] is False
    assert UploadSession.objects.get(storage_key=announced["package_lock_path"]).state == "expired"


def test_repeated_confirm_returns_the_same_version(world: World) -> None:
    body = world.uploaded()
    first = world.confirm(body)
    assert world.confirm(body, status=200)["id"] == first["id"]
    assert Version.objects.count() == 1


def test_repeated_request_with_an_idempotency_key_gets_the_first_response(world: World) -> None:
    body, key = world.uploaded(), {HEADER: "once"}
    answers = [world.client.send("post", f"{world.url}/versions/confirm", body, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1]["Idempotent-Replayed"] == "true"


@pytest.mark.embedded
@pytest.mark.parametrize(
    "change", [{"set_as_active": True}, {"package_json": {"a": 1}}, {"service_dependencies": ["x"]}]
)
def test_another_confirm_of_the_same_upload_conflicts(world: World, change: dict[str, Any]) -> None:
    body = world.uploaded()
    world.confirm(body)
    assert refused(world.confirm(body | change, status=409), "upload_differs")


@pytest.mark.embedded
@pytest.mark.parametrize("change", [{"version": "2020.01.01-000000"}, {"source_hash": "b" * 64}])
def test_confirm_of_something_else_than_announced_conflicts(world: World, change: dict[str, Any]) -> None:
    assert refused(world.confirm(world.uploaded() | change, status=409), "upload_differs")


def test_confirm_before_the_upload_is_rejected(world: World) -> None:
    announced = world.announce()
    content = zipped()
    body = world.confirmation(announced, content)
    assert refused(world.confirm(body, status=409), "upload_incomplete")
    world.send(announced, content)
    world.confirm(body)


def test_confirm_with_another_size_can_be_repeated_with_the_right_one(world: World) -> None:
    body = world.uploaded()
    wrong = body | {"file_size_bytes": body["file_size_bytes"] + 1}
    assert refused(world.confirm(wrong, status=422), "file_incomplete")
    world.confirm(body)


def test_content_that_fails_its_checks_leaves_nothing(world: World) -> None:
    announced = world.announce()
    world.send(announced, b"no zip at all")
    body = world.confirmation(announced, b"no zip at all")
    answer = world.confirm(body, status=422)
    assert refused(answer, "file_failed_validation")
    assert "zip" in answer["message"]
    assert refused(world.confirm(body, status=422), "file_failed_validation")
    assert (Version.all_objects.count(), File.all_objects.count(), Blob.objects.count()) == (0, 0, 0)


class TestCostlyPackages:
    """A worker inspects what would take too long in the request."""

    @pytest.fixture
    def pushed(self, world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """Return a confirmed version, whose package is not a zip archive but was not inspected yet."""
        announced = world.announce()
        content = b"no zip at all"
        world.send(announced, content)
        is_inspected_now = intake.is_inspected_now
        monkeypatch.setattr(intake, "is_inspected_now", lambda blob: blob.size_bytes > 13 and is_inspected_now(blob))
        return world.confirm(world.confirmation(announced, content, set_as_active=True))

    def test_the_version_exists_and_its_package_waits(self, world: World, pushed: dict[str, Any]) -> None:
        version = world.version(pushed)
        assert (version.state, version.is_active, version.file_count) == ("published", True, 1)
        states = File.objects.filter(version=version).order_by("id").values_list("kind", "validation_status")
        assert list(states) == [("package", "pending"), ("lockfile", "passed")]

    def test_package_and_lockfile_are_hidden_from_outsiders(self, world: World, pushed: dict[str, Any]) -> None:
        user = make_user()
        share_download(actor=system(), download=world.entity, user=user)
        path = f"{world.url}/versions/{pushed['id']}/download"
        answer = world.as_user(user).get(path)
        assert (answer.status_code, answer.json()["error"]) == (409, "version_files_pending")
        assert world.client.get(path).status_code == 200
        validate_file(File.objects.get(kind="package").pk)
        assert File.objects.get(kind="package").validation_status == "failed"

    def test_an_archive_that_decompresses_to_much_is_left_to_the_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", random.Random(1).randbytes(10_000) * 20)
        assert inspect_archive(buffer, "a.zip", QUICK_LIMITS) == []
        monkeypatch.setattr("files.inspection.archives.report.UNPACKED_MIB_STEPS", QUICK_LIMITS.max_steps * 10)
        with pytest.raises(TooManySteps):
            inspect_archive(buffer, "a.zip", QUICK_LIMITS)


@pytest.mark.embedded
def test_path_of_another_entity_is_refused(world: World) -> None:
    body = World().uploaded()
    assert refused(world.confirm(body, status=400), "invalid_input")


@pytest.mark.embedded
def test_package_path_as_lockfile_is_refused(world: World) -> None:
    body = world.uploaded()
    assert refused(world.confirm(body | {"package_lock_path": body["storage_path"]}, status=400), "invalid_input")


@pytest.mark.embedded
@pytest.mark.parametrize(
    "change",
    [{"package_json": "\0"}, {"package_json": {"a": ["\0"]}}, {"package_json": {"\0": 1}}, {"package_json": [1]},
     {"package_json": 5}, {"file_size_bytes": -1}, {"file_size_bytes": 2**70}, {"file_size_bytes": "x"},
     {"storage_path": "\0"}, {"service_dependencies": ["a b"]}, {"service_dependencies": "x\0"}, {"set_as_active": 7}],
)  # fmt: skip
def test_invalid_values_are_rejected(world: World, change: dict[str, Any]) -> None:
    assert refused(world.confirm(world.uploaded() | change, status=400), "invalid_input")


@pytest.mark.embedded
def test_deep_manifests_are_refused(world: World) -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"a": deep}
    assert refused(world.confirm(world.uploaded() | {"package_json": deep}, status=400), "invalid_input")


def test_two_uploads_of_one_source_create_one_version(world: World) -> None:
    first, second = (world.uploaded(source_hash=source("same")) for _ in range(2))
    made = world.confirm(first)
    assert world.confirm(second, status=200)["id"] == made["id"]


def test_two_forced_uploads_of_one_number_create_one_version(world: World) -> None:
    number = moment()
    bodies = [world.uploaded(version=number) for _ in range(2)]
    world.confirm(bodies[0])
    assert refused(world.confirm(bodies[1], status=409), "version_number_taken")


@pytest.mark.embedded
def test_package_over_the_category_limit_is_rejected(world: World) -> None:
    category = world.entity.category
    category.max_file_bytes = 10
    category.inherited = {"max_file_bytes": 10}
    category.save()
    announced = world.announce()
    assert upload(announced["upload_url"], zipped()) == 400
    assert blob_storage().size(announced["storage_path"]) is None
    answer = world.confirm(world.confirmation(announced, zipped()), status=409)
    assert refused(answer, "upload_incomplete")


def test_unavailable_storage_is_503_and_a_retry_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    body = world.uploaded()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("files.uploads.verification._collect", fail)
        answer = world.client.send("post", f"{world.url}/versions/confirm", body)
    assert (answer.status_code, answer.json()["error"]) == (503, "storage_unavailable")
    world.confirm(body)


@pytest.mark.embedded
def test_category_with_approval_makes_the_entity_version_pending(world: World) -> None:
    category = world.entity.category
    category.inherited = {"requires_approval": True}
    category.save()
    shown = world.pushed(set_as_active=True)
    assert (shown["state"], shown["is_active"]) == ("pending", False)


def test_confirmation_leaves_no_unused_bytes(world: World) -> None:
    world.pushed()
    assert left_behind() == []
    assert not Blob.objects.unused().exists()
    assert not UploadSession.objects.filter(blob__isnull=False).exists()


def test_unconfirmed_uploads_expire(world: World) -> None:
    announced = world.announce()
    world.send(announced, zipped())
    body = world.uploaded(b"no zip")  # verified, then refused
    world.confirm(body, status=422)
    world.pushed()
    long_ago = timezone.now() - timedelta(days=30)
    UploadSession.objects.update(last_active_at=long_ago)
    PackageUpload.objects.update(created_at=long_ago)
    sweep_uploads()
    assert [row.version is not None for row in PackageUpload.objects.all()] == [True]
    assert left_behind() == []


def fetched(url: str) -> Any:
    return ApiClient().get(url.removeprefix("http://testserver"))


def test_download_is_a_signed_url_of_the_bytes(world: World, local_storage: Any) -> None:
    content = zipped("fetched")
    shown = world.confirm(world.uploaded(content))
    answer = world.client.get(f"{world.url}/versions/{shown['id']}/download")
    assert answer.status_code == 200
    file = fetched(answer.json()["url"])
    assert (file.status_code, b"".join(file)) == (200, content)
    assert f"{world.entity.slug}-{shown['version']}.zip" in file["Content-Disposition"]


def test_requesting_the_download_url_counts_once(world: World, local_storage: Any) -> None:
    shown = world.pushed()
    answer = world.client.get(f"{world.url}/versions/{shown['id']}/download")
    list(fetched(answer.json()["url"]))
    aggregate_download_events()
    assert world.version(shown).download_count == 1


@pytest.mark.embedded
@pytest.mark.parametrize("change", ["expired", "forged"])
def test_invalid_email_addresses_are_rejected(
    world: World, local_storage: Any, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    shown = world.pushed()
    url = world.client.get(f"{world.url}/versions/{shown['id']}/download").json()["url"]
    if change == "forged":
        url = url[:-3] + ("aaa" if url[-3:] != "aaa" else "bbb")
    else:
        later = timezone.now() + timedelta(seconds=301)
        monkeypatch.setattr("files.storage.signing.timezone.now", lambda: later)
    answer = fetched(url)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "address_refused")


def test_download_url_stops_working_with_its_version(world: World, local_storage: Any) -> None:
    shown = world.pushed()
    url = world.client.get(f"{world.url}/versions/{shown['id']}/download").json()["url"]
    world.client.send("delete", f"{world.url}/versions/{shown['id']}")
    assert fetched(url).status_code == 404


def test_package_of_a_deleted_version_is_gone(world: World) -> None:
    shown = world.pushed()
    reader = make_user()
    share_download(actor=system(), download=world.entity, user=reader)
    world.client.send("delete", f"{world.url}/versions/{shown['id']}")
    path = f"{world.url}/versions/{shown['id']}/download"
    assert (world.client.get(path).status_code, world.as_user(reader).get(path).status_code) == (410, 404)


@pytest.mark.embedded
def test_download_needs_access(world: World) -> None:
    shown = world.pushed()
    assert world.as_user(make_user()).get(f"{world.url}/versions/{shown['id']}/download").status_code == 404


def test_active_version_can_be_set_and_read(world: World) -> None:
    assert world.client.get(f"{world.url}/versions/active").status_code == 404
    first, second = world.pushed(), world.pushed()
    for shown in (first, second, first):
        answer = world.client.send("put", f"{world.url}/versions/active", {"versionId": shown["id"]})
        assert (answer.status_code, answer.json()["version"]["is_active"]) == (200, True)
    assert world.client.get(f"{world.url}/versions/active").json()["version"]["id"] == first["id"]


@pytest.mark.embedded
def test_version_says_until_when_it_is_supported(world: World) -> None:
    shown = world.pushed()
    assert shown["end_of_support"] is None
    update_version(actor=system(), version=world.version(shown), end_of_support=date(2030, 6, 30))
    (listed,) = world.client.get(f"{world.url}/versions").json()["versions"]
    assert listed["end_of_support"] == "2030-06-30"


@pytest.mark.embedded
def test_yanked_version_cannot_be_active(world: World) -> None:
    shown = world.pushed()
    move(Move.YANK, actor=system(), version=world.version(shown))
    answer = world.client.send("put", f"{world.url}/versions/active", {"versionId": shown["id"]})
    assert answer.status_code == 409


@pytest.mark.embedded
def test_version_of_another_entity_is_not_activated(world: World) -> None:
    other = make_version(World().entity, moment())
    answer = world.client.send("put", f"{world.url}/versions/active", {"versionId": other.public_id})
    assert answer.status_code == 404


def test_active_version_is_deleted_after_another_took_its_place(world: World) -> None:
    first, second = world.pushed(set_as_active=True), world.pushed()
    answer = world.client.send("delete", f"{world.url}/versions/{first['id']}")
    assert (answer.status_code, answer.json()["error"]) == (409, "version_is_active")
    world.client.send("put", f"{world.url}/versions/active", {"versionId": second["id"]})
    assert world.client.send("delete", f"{world.url}/versions/{first['id']}").status_code == 204
    assert world.version(first).is_deleted


@pytest.mark.embedded
def test_deleting_needs_the_right_to(world: World) -> None:
    uploader, shown = make_user(), world.pushed()
    set_team_member(actor=system(), download=world.entity, user=uploader, flags={TeamMember.FLAGS[1]})
    assert world.as_user(uploader).send("delete", f"{world.url}/versions/{shown['id']}").status_code == 403


def test_versions_have_pages(world: World) -> None:
    for _ in range(3):
        make_version(world.entity, moment())
    shown = world.client.get(f"{world.url}/versions?page=2&pageSize=2").json()
    assert (len(shown["versions"]), shown["page"], shown["pageSize"], shown["total"]) == (1, 2, 2, 3)
