"""Bytes that were public are never exchanged: every way back, then every way in with other bytes, is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from django.db import transaction

from downloads.models import Download
from downloads.services import approve_download, publish_to_store, restore_download, share_download, update_download
from downloads.services.entities import publish_entity
from files.models import File, PublicFileName
from files.public_names import remember_file, remember_files_of
from files.services import check_asset_name, link_file, restore_file
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import FileReference, find_sources
from files.uploads.ending import complete_upload
from files.uploads.external import _decide_with_name
from files.uploads.link_reading import Learned
from files.uploads.sessions import begin_upload, open_incoming
from files.uploads.validating import decide
from files.uploads.verification import verify_upload
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict
from releasehub.distribution.access_keys import issue_access_key
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import edit_version, edit_with_files
from releasehub.publishing.transitions import Move
from tests.conftest import begin_with
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_loose_upload,
    make_organization,
    make_user,
    make_version,
    system,
)
from tests.files.uploads.test_verification import send
from tests.undoing import undone
from versions.models import Version
from versions.services import update_version

pytestmark = pytest.mark.django_db
NAME = "tool.bin"
FIRST, OTHER = b"the first bytes", b"other bytes"


class World:
    """A published version with one file, which was public, and a draft copy of other bytes elsewhere."""

    def __init__(self) -> None:
        self.owner = make_user()
        self.download = make_download(self.owner)
        self.version = make_version(self.download, "1.0.0")
        self.file = make_file(self.version, name=NAME, content=FIRST)

    def fresh(self) -> Version:
        return Version.all_objects.select_related("download__category").get(pk=self.version.pk)

    def erase(self, *, hard: bool) -> None:
        file = File.all_objects.select_related("version__download__category").get(pk=self.file.pk)
        delete_file(actor=system(), file=file, hard=hard)


def unpublished(world: World) -> None:
    move(Move.UNPUBLISH, actor=system(), version=world.fresh())


def hidden(world: World) -> None:
    edit_version(actor=system(), version=world.fresh(), visibility="private")


def draft_by_edit(world: World) -> None:
    edit_version(actor=system(), version=world.fresh(), state="draft")


def draft_by_engine(world: World) -> None:
    edit_with_files(actor=system(), version=world.fresh(), state="draft")


def still_out(world: World) -> None:
    """The version stays published; only its file goes."""


def deleted_and_restored(world: World) -> None:
    delete_version(actor=system(), version=world.fresh())
    move(Move.RESTORE, actor=system(), version=world.fresh())


def renumbered(world: World) -> None:
    move(Move.UNPUBLISH, actor=system(), version=world.fresh())
    update_version(actor=system(), version=world.fresh(), number="1.0.1")


def moved_to_another_channel(world: World) -> None:
    update_version(actor=system(), version=world.fresh(), channel="beta")


def private_download(world: World) -> None:
    update_download(actor=system(), download=world.download, visibility="private")


def deleted_and_restored_download(world: World) -> None:
    delete_download(actor=system(), download=world.download)
    restore_download(actor=system(), download=Download.all_objects.get(pk=world.download.pk))


WAYS_BACK = [
    unpublished,
    hidden,
    draft_by_edit,
    draft_by_engine,
    still_out,
    deleted_and_restored,
    renumbered,
    moved_to_another_channel,
    private_download,
    deleted_and_restored_download,
]


def uploaded(world: World) -> None:
    make_file(world.fresh(), name=NAME, content=OTHER)


def uploaded_under_another_spelling(world: World) -> None:
    make_file(world.fresh(), name="TOOL.bin", content=OTHER)


def linked(world: World) -> None:
    link_file(actor=system(), version=world.fresh(), url="https://example.org/tool.bin")


def attached_upload(world: World) -> None:
    attach(world, make_loose_upload(world.owner, name=NAME, content=OTHER).public_id)


def attached_file(world: World) -> None:
    other = make_file(make_version(world.download, "7.0.0"), name=NAME, content=OTHER)
    attach(world, other.public_id)


def declared_to_storage(world: World) -> None:
    incoming = open_incoming(size_bytes=len(OTHER), part_bytes=None)
    digest = hashlib.sha256(OTHER).hexdigest()
    begin_upload(actor=system(), version=world.fresh(), filename=NAME, incoming=incoming, sha256=digest)


WAYS_IN = [
    uploaded,
    uploaded_under_another_spelling,
    linked,
    attached_upload,
    attached_file,
    declared_to_storage,
]


def remembered(version: Version) -> dict[str, str]:
    """Public file names of the version with their digests."""
    return dict(PublicFileName.objects.filter(version=version).values_list("filename", "sha256"))


def only_file(version: Version) -> File:
    return File.objects.select_related("version__download__category").get(version=version)


def attach(world: World, reference: str) -> File:
    (source,) = find_sources(Actor(user=world.owner), [FileReference(reference)])
    return attach_file(actor=system(), version=world.fresh(), source=source)


@begin_with(World)
@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
@pytest.mark.parametrize("way_back", WAYS_BACK)
def test_public_file_name_accepts_only_the_same_bytes(world: World, way_back: Callable[..., None], hard: bool) -> None:
    way_back(world)
    world.erase(hard=hard)
    assert refusal_of(uploaded, world) == ("file.name_retired", True)
    make_file(world.fresh(), name=NAME, content=FIRST)  # the same bytes may return
    if not world.fresh().is_released:
        move(Move.PUBLISH, actor=system(), version=world.fresh())


@begin_with(World)
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_no_way_in_exchanges_the_bytes_of_a_public_name(world: World, way_in: Callable[[World], None]) -> None:
    for hard in (False, True):
        with undone():
            unpublished(world)
            world.erase(hard=hard)
            assert refusal_of(way_in, world) == ("file.name_retired", True)


def refusal_of(way_in: Callable[[World], None], world: World) -> tuple[str, bool]:
    """Return the code of the error, and whether its message helps. Afterwards the database is as before."""
    with transaction.atomic():
        try:
            way_in(world)
        except Conflict as refusal:
            return refusal.code, NAME in refusal.message and "new version" in refusal.message
        finally:
            transaction.set_rollback(True)
    return "", False


def test_draft_file_can_be_replaced_under_the_same_name() -> None:
    version = make_version(state="draft")
    delete_file(actor=system(), file=make_file(version, name=NAME, content=FIRST))
    make_file(version, name=NAME, content=OTHER)
    move(Move.PUBLISH, actor=system(), version=version)
    assert remembered(version) == {NAME: hashlib.sha256(OTHER).hexdigest()}


def test_a_file_deleted_in_the_draft_cannot_be_restored_over_public_bytes() -> None:
    version = make_version(state="draft")
    first = make_file(version, name=NAME, content=FIRST)
    delete_file(actor=system(), file=first)
    second = make_file(version, name=NAME, content=OTHER)
    move(Move.PUBLISH, actor=system(), version=version)
    delete_file(actor=system(), file=File.objects.select_related("version__download").get(pk=second.pk))
    with pytest.raises(Conflict) as refusal:
        restore_file(actor=system(), file=File.all_objects.select_related("version__download").get(pk=first.pk))
    assert refusal.value.code == "file.name_retired"


def passed_link(version: Version, url: str, sha256: str = "") -> File:
    file = link_file(actor=system(), version=version, url=url, filename=NAME)
    _decide_with_name(file, [], {"external_sha256": sha256}, Learned(url, 0, ""), is_renamed=False)
    file.refresh_from_db()
    return file


def test_public_link_can_return_only_with_the_same_url_or_bytes() -> None:
    version, digest = make_version(), hashlib.sha256(FIRST).hexdigest()
    url = "https://example.org/a"
    delete_file(actor=system(), file=passed_link(version, url, digest))
    with pytest.raises(Conflict):
        link_file(actor=system(), version=version, url="https://example.org/b", filename=NAME)
    with pytest.raises(Conflict):
        make_file(version, name=NAME, content=OTHER)
    again = passed_link(version, url, digest)
    assert again.validation_status == "passed"
    delete_file(actor=system(), file=again)
    make_file(version, name=NAME, content=FIRST)


def test_link_with_changed_bytes_under_a_public_name_fails() -> None:
    version = make_version()
    delete_file(actor=system(), file=passed_link(version, "https://example.org/a", "a" * 64))
    again = passed_link(version, "https://example.org/a", "b" * 64)
    assert (again.validation_status, again.findings[0]["code"]) == ("failed", "name.public")


def test_asset_with_a_public_name_fails() -> None:
    version = make_version(release_page_url="https://github.com/o/r/releases/tag/v1")
    delete_file(actor=system(), file=make_file(version, name=NAME, content=FIRST))
    asset = link_file(actor=system(), version=version, reference="77")
    asset.filename = NAME
    assert check_asset_name(asset, NAME) == NAME
    learned = Learned("https://example.org/x", 0, "")
    _decide_with_name(asset, [], {"external_url": learned.url, "external_sha256": "b" * 64}, learned, is_renamed=True)
    asset.refresh_from_db()
    assert (asset.validation_status, asset.findings[0]["code"]) == ("failed", "name.public")


def test_an_upload_without_declared_digest_fails_when_its_bytes_are_known() -> None:
    version = make_version()
    delete_file(actor=system(), file=make_file(version, name=NAME, content=FIRST))
    incoming = open_incoming(size_bytes=len(OTHER), part_bytes=None)
    upload = begin_upload(actor=system(), version=version, filename=NAME, incoming=incoming)
    send(upload, OTHER)
    complete_upload(actor=system(), upload=upload)
    assert verify_upload(upload.pk) == "failed"
    upload.refresh_from_db()
    assert upload.error_code == "file.name_retired"
    assert NAME in upload.error_message


def private_release() -> tuple[Download, Version]:
    download = make_download(visibility="private")
    version = make_version(download, "1.0.0")
    make_file(version, name=NAME, content=FIRST)
    return download, version


def test_release_visible_only_to_the_team_is_not_public() -> None:
    _, version = private_release()
    assert not remembered(version)
    delete_file(actor=system(), file=only_file(version))
    make_file(version, name=NAME, content=OTHER)
    delete_version(actor=system(), version=version, hard=True)
    assert make_version(version.download, "1.0.0").number == "1.0.0"


def shared(download: Download) -> None:
    share_download(actor=system(), download=download, user=make_user())


def opened_by_key(download: Download) -> None:
    issue_access_key(actor=system(), download=download, name="customer")


def published_to_store(download: Download) -> None:
    publish_entity(actor=system(), download=download, organization=make_organization())


def in_store_of_organization(download: Download) -> None:
    update_download(actor=system(), download=download, visibility="organization")
    assert not PublicFileName.objects.filter(version__download=download).exists()
    publish_to_store(actor=system(), download=download, organization=make_organization())


def made_public(download: Download) -> None:
    update_download(actor=system(), download=download, visibility="public")


def for_members(download: Download) -> None:
    update_download(actor=system(), download=download, visibility="members")


OPENINGS = [shared, opened_by_key, published_to_store, in_store_of_organization, made_public, for_members]


@pytest.mark.parametrize("opening", OPENINGS)
def test_private_download_becomes_public_when_shared(opening: Callable[[Download], None]) -> None:
    download, version = private_release()
    opening(download)
    download.refresh_from_db()
    assert NAME in remembered(version)
    delete_file(actor=system(), file=only_file(version))
    with pytest.raises(Conflict):
        make_file(version, name=NAME, content=OTHER)
    delete_version(actor=system(), version=version, hard=True)
    with pytest.raises(Conflict):
        make_version(download, "1.0")


def test_a_moderated_download_becomes_public_when_it_is_approved() -> None:
    category = make_category(requires_approval=True)
    owner = make_user()
    download = make_download(owner, category=category, state="draft")
    version = make_version(download, "1.0.0")
    make_file(version, name=NAME, content=FIRST)
    update_download(actor=Actor(user=owner), download=download, state="visible")
    assert not remembered(version)
    approve_download(actor=system(), download=download)
    assert NAME in remembered(version)


def test_file_name_becomes_public_when_the_file_passes() -> None:
    version = make_version()
    file = link_file(actor=system(), version=version, url="https://example.org/tool.bin")
    assert not remembered(version)
    decide(file, [])
    assert NAME in remembered(version)


def test_a_name_that_belongs_to_other_bytes_is_refused_when_a_file_becomes_public() -> None:
    """No way leads here, because the name is refused before. The last check holds if another one is forgotten."""
    version, other = make_version(files=1), make_file(make_version(state="draft"), name="file-0.bin")
    File.objects.filter(version=version).delete()
    File.objects.filter(pk=other.pk).update(version=version)
    for check in (
        lambda: remember_file(File.objects.get(pk=other.pk)),
        lambda: remember_files_of(Version.objects.filter(pk=version.pk)),
    ):
        with pytest.raises(Conflict, match=r"file-0\.bin was public"):
            check()
