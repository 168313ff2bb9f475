"""Publishing, sealing and taking back."""

from __future__ import annotations

import pytest

from files.models import DownloadGrant, File
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import edit_version
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.factories import make_file, make_user, make_version, system
from versions.models import Version
from versions.services import update_version

pytestmark = pytest.mark.django_db


def sealed() -> Version:
    return move(Move.PUBLISH, actor=system(), version=make_version(state="draft", files=1), seal=True)


def fetch(version: Version, *, is_bot: bool = False) -> None:
    DownloadGrant.objects.create(file=version.files.get(), visitor="v", is_bot=is_bot)


def test_seal_comes_from_the_request_or_the_download() -> None:
    plain = move(Move.PUBLISH, actor=system(), version=make_version(state="draft", files=1))
    assert plain.sealed_at is None
    assert sealed().sealed_at is not None


def test_published_version_is_sealed_afterwards_once() -> None:
    version = make_version(files=1)
    before = (AuditEntry.objects.count(), Event.objects.count())
    for _ in range(2):
        version = move(Move.PUBLISH, actor=system(), version=version, seal=True)
    assert version.sealed_at is not None
    assert (AuditEntry.objects.count(), Event.objects.count()) == (before[0] + 1, before[1] + 1)


def test_publishing_an_archived_version_offers_and_seals_it() -> None:
    version = make_version(files=1)
    Version.objects.update(state="archived")
    version = move(Move.PUBLISH, actor=system(), version=version, seal=True)
    assert (version.state, version.sealed_at is not None) == ("published", True)


def test_only_the_visibility_of_a_sealed_version_changes() -> None:
    version = sealed()
    assert edit_version(actor=system(), version=version, visibility="private").visibility == "private"
    with pytest.raises(Conflict):
        update_version(actor=system(), version=version, platforms=["x"])


def test_publishing_reports_missing_and_pending_files_differently() -> None:
    version = make_version(state="draft")
    with pytest.raises(Invalid) as none:
        move(Move.PUBLISH, actor=system(), version=version)
    file = make_file(version)
    File.objects.update(validation_status="pending")
    with pytest.raises(Conflict) as pending:
        move(Move.PUBLISH, actor=system(), version=version)
    File.objects.filter(pk=file.pk).update(validation_status="failed")
    with pytest.raises(Invalid) as failed:
        move(Move.PUBLISH, actor=system(), version=version)
    codes = [error.value.code for error in (none, pending, failed)]
    assert codes == [
        ErrorCode.VERSION_HAS_NO_FILES, ErrorCode.VERSION_FILES_PENDING, ErrorCode.VERSION_HAS_NO_FILES,
    ]  # fmt: skip


@pytest.mark.parametrize("is_bot", [False, True])
def test_sealed_and_downloaded_version_cannot_be_unpublished(is_bot: bool) -> None:
    version = sealed()
    fetch(version, is_bot=is_bot)
    with pytest.raises(Conflict):
        move(Move.UNPUBLISH, actor=system(), version=version)
    with pytest.raises(Conflict):
        edit_version(actor=system(), version=version, state="draft")


def test_unsealed_version_can_be_unpublished_after_downloads() -> None:
    version = make_version(files=1)
    fetch(version)
    assert move(Move.UNPUBLISH, actor=system(), version=version).state == "draft"


def test_unpublishing_requires_permission() -> None:
    with pytest.raises(Denied):
        move(Move.UNPUBLISH, actor=Actor(user=make_user()), version=sealed())


def test_file_of_a_sealed_version_can_only_be_erased() -> None:
    file = sealed().files.get()
    with pytest.raises(Conflict):
        delete_file(actor=system(), file=file)
    delete_file(actor=system(), file=file, hard=True)
    assert not File.all_objects.exists()
