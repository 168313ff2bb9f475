"""Limits hold when a download gets another owner or category, and when something is restored."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from downloads.services import add_publisher, remove_publisher, restore_download, update_download
from files.models import File
from files.services import link_file, restore_file
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, DomainError, ErrorCode, Rejected
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def download() -> Download:
    """A download whose owner may move it and has a quota of 100 bytes, 60 of which are used by a.bin."""
    found = make_download(make_user(quota_bytes=100))
    make_file(make_version(found), name="a.bin", content=b"x" * 60)
    return found


def refusal(call: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value


class TestNewOwner:
    """The next owner pays for what the download stores."""

    @pytest.mark.embedded
    @pytest.mark.parametrize(("quota", "fits"), [(59, False), (60, True), (0, True)])
    def test_next_owner_needs_room_for_the_bytes(self, download: Download, quota: int, fits: bool) -> None:
        heir = make_user(quota_bytes=quota)
        actor = Actor(user=download.owner)
        add_publisher(actor=actor, download=download, user=heir)

        def leave() -> None:
            remove_publisher(actor=actor, download=download, user=download.owner)

        if fits:
            leave()
        else:
            found = refusal(leave)
            assert (found.code, found.params) == (ErrorCode.QUOTA_EXCEEDED, {})
            assert "59" not in found.message
        assert (Download.objects.get().owner == heir) is fits

    def test_bytes_that_the_next_owner_already_stores_count(self, download: Download) -> None:
        heir = make_user(quota_bytes=100)
        make_file(make_version(make_download(heir)), content=b"y" * 41)
        actor = Actor(user=download.owner)
        add_publisher(actor=actor, download=download, user=heir)
        found = refusal(lambda: remove_publisher(actor=actor, download=download, user=download.owner))
        assert found.code is ErrorCode.QUOTA_EXCEEDED


class TestNewCategory:
    """A download cannot bring into a category what the category does not accept."""

    def moved(self, download: Download, **rules: Any) -> Any:
        category = make_category(**rules)
        return lambda: update_download(actor=Actor(user=download.owner), download=download, category=category)

    @pytest.mark.embedded
    @pytest.mark.parametrize(
        ("rules", "code"),
        [
            ({"allowed_extensions": ["zip"]}, ErrorCode.FILE_EXTENSION_REFUSED),
            ({"max_file_bytes": 59}, ErrorCode.FILE_TOO_LARGE),
            ({"max_version_bytes": 59}, ErrorCode.FILE_TOO_LARGE),
            ({"max_download_bytes": 59}, ErrorCode.QUOTA_EXCEEDED),
        ],
    )
    def test_a_broken_rule_refuses_the_move(self, download: Download, rules: dict[str, Any], code: ErrorCode) -> None:
        found = refusal(self.moved(download, **rules))
        assert (type(found), found.code, found.field) == (Rejected, code, "category")

    @pytest.mark.embedded
    @pytest.mark.parametrize(
        "rules",
        [
            {"allowed_extensions": ["bin"]},
            {"max_file_bytes": 60},
            {"max_version_bytes": 60, "max_files_per_version": 1},
            {"max_download_bytes": 60},
            {"allows_external_links": False},
        ],
    )
    def test_a_download_that_fits_moves(self, download: Download, rules: dict[str, Any]) -> None:
        assert self.moved(download, **rules)().category.slug != download.category.slug

    def test_too_many_files_refuse_the_move(self, download: Download) -> None:
        make_file(download.versions.get(), name="b.bin")
        found = refusal(self.moved(download, max_files_per_version=1))
        assert (type(found), found.code) == (Conflict, ErrorCode.FILE_COUNT_LIMIT)

    def test_download_with_links_cannot_move_to_a_category_without_links(self, download: Download) -> None:
        link_file(actor=system(), version=download.versions.get(), url="https://example.com/b.bin")
        assert refusal(self.moved(download, allows_external_links=False)).code is ErrorCode.FILE_EXTERNAL_REFUSED

    def test_files_of_a_deleted_version_count_and_deleted_files_do_not(self, download: Download) -> None:
        version = download.versions.get()
        delete_version(actor=system(), version=version)
        move_it = self.moved(download, allowed_extensions=["zip"])
        assert refusal(move_it).code is ErrorCode.FILE_EXTENSION_REFUSED
        move(Move.RESTORE, actor=system(), version=version)
        delete_file(actor=system(), file=File.objects.get())
        move_it()
        assert refusal(lambda: restore_file(actor=system(), file=File.all_objects.get())).code is (
            ErrorCode.FILE_EXTENSION_REFUSED
        )

    def test_the_quota_of_the_download_itself_wins(self, download: Download) -> None:
        update_download(actor=system(), download=download, quota_bytes=100)
        self.moved(download, max_download_bytes=1)()

    def test_moderator_may_move_a_download_despite_the_rules_of_the_category(self, download: Download) -> None:
        moderator = make_user(is_staff=True, permissions=("moderate_download",))
        category = make_category(allowed_extensions=["zip"])
        update_download(actor=Actor(user=moderator), download=download, category=category)
        assert Download.objects.get().category == category

    def test_wire(self, download: Download) -> None:
        category = make_category(max_file_bytes=59)
        client = ApiClient(make_key(download.owner))
        answer = client.send("put", f"/api/mc-dm-downloads/{download.pk}/", {"category_id": category.pk})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "mc_dm_api_error.file_too_large")


class TestRestore:
    """Nothing comes back while a quota is exceeded, and a file only if it could be added."""

    def lower(self, download: Download, quota_bytes: int, *, is_own: bool) -> None:
        if is_own:
            update_download(actor=system(), download=download, quota_bytes=quota_bytes)
        else:
            owner = download.owner
            owner.quota_bytes = quota_bytes
            owner.save()

    @pytest.mark.parametrize("is_own", [True, False])
    @pytest.mark.parametrize("what", ["download", "version", "file"])
    @pytest.mark.parametrize(("quota", "fits"), [(59, False), (60, True)])
    def test_restore_needs_room_in_the_quotas(
        self, download: Download, what: str, is_own: bool, quota: int, fits: bool
    ) -> None:
        version, file = download.versions.get(), File.objects.get()
        self.lower(download, quota, is_own=is_own)
        actor = Actor(user=download.owner)
        delete, restore = {
            "download": (
                lambda: delete_download(actor=actor, download=download),
                lambda: restore_download(actor=actor, download=download),
            ),
            "version": (
                lambda: delete_version(actor=actor, version=version),
                lambda: move(Move.RESTORE, actor=actor, version=version),
            ),
            "file": (lambda: delete_file(actor=actor, file=file), lambda: restore_file(actor=actor, file=file)),
        }[what]
        delete()
        if fits:
            restore()
        else:
            assert refusal(restore).code is ErrorCode.QUOTA_EXCEEDED

    @pytest.mark.parametrize("rules", [{"max_files_per_version": 1}, {"max_version_bytes": 60}])
    def test_a_file_that_another_one_replaced(self, rules: dict[str, Any]) -> None:
        version = make_version(make_download(category=make_category(**rules)))
        file = make_file(version, name="a.bin", content=b"x" * 60)
        delete_file(actor=system(), file=file)
        make_file(version, name="b.bin", content=b"y")
        found = refusal(lambda: restore_file(actor=system(), file=file))
        assert found.code in {ErrorCode.FILE_COUNT_LIMIT, ErrorCode.FILE_TOO_LARGE}

    def test_wire(self, download: Download) -> None:
        delete_file(actor=system(), file=File.objects.get())
        self.lower(download, 59, is_own=False)
        file = File.all_objects.get()
        answer = ApiClient(make_key(download.owner)).post(f"/api/mc-dm-files/{file.pk}/restore/")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "mc_dm_api_error.quota_exceeded")
