"""Versions in the terms of Git hosts: created by their tag, taken up after a failure, published by a flag."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from files.models import File
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.tagged_versions import create_tagged_version, edit_tagged_version, remove_tag
from tests.factories import make_download, make_file, make_user
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def download() -> Download:
    return make_download()


def created(download: Download, tag: str = "v1.0.0", **fields: Any) -> Version:
    fields = {"is_draft": True, "title": "", "release_notes": ""} | fields
    return create_tagged_version(actor=Actor(user=download.owner), download=download, tag=tag, **fields)


def edited(version: Version, **fields: Any) -> Version:
    version = edit_tagged_version(actor=Actor(user=version.download.owner), version=version, **fields)
    version.refresh_from_db()
    return version


def test_a_draft_is_taken_up_with_its_new_texts_and_without_files(download: Download) -> None:
    first = created(download, title="One", release_notes="Notes", is_prerelease=True)
    make_file(first)
    second = created(download, title="Two")
    second.refresh_from_db()
    assert (second.pk, second.title, second.release_notes, second.channel) == (first.pk, "Two", "", "stable")
    assert (File.all_objects.get().delete_reason, second.file_count) == ("The release was started again.", 0)
    assert AuditEntry.objects.filter(action="file.delete_soft").count() == 1


def test_a_deleted_draft_is_restored(download: Download) -> None:
    first = created(download)
    delete_version(actor=Actor(user=download.owner), version=first)
    assert created(download).pk == first.pk
    assert Version.objects.count() == 1


def test_a_draft_with_the_number_as_its_tag_is_taken_up(download: Download) -> None:
    first = created(download, "1.0.0")
    first.tag = ""
    first.save()
    assert created(download, "v1.0.0").pk == first.pk


def test_other_versions_with_the_tag_are_in_the_way(download: Download) -> None:
    version = created(download, is_draft=False)
    with pytest.raises(Conflict):
        created(download)
    delete_version(actor=Actor(user=download.owner), version=version)
    with pytest.raises(Conflict):
        created(download)


def test_a_stranger_cannot_create_or_take_up(download: Download) -> None:
    created(download)
    with pytest.raises(Denied):
        create_tagged_version(actor=Actor(user=make_user()), download=download, tag="v1.0.0", is_draft=True)


def test_files_that_are_being_checked_count_for_publication(download: Download) -> None:
    version = created(download)
    file = make_file(version)
    File.objects.filter(pk=file.pk).update(validation_status="pending")
    assert edited(version, is_draft=False).state == "published"


def test_a_flag_that_says_what_is_so_changes_nothing(download: Download) -> None:
    version = created(download, "v1.0.0-alpha.1", is_draft=False)
    assert version.channel == "alpha"
    before = AuditEntry.objects.count()
    edited(version, is_draft=False, is_prerelease=True, tag="v1.0.0-alpha.1")
    assert AuditEntry.objects.count() == before


def test_a_version_without_a_tag_keeps_none(download: Download) -> None:
    version = created(download, is_draft=False)
    Version.objects.update(tag="")
    version.refresh_from_db()
    assert edited(version, tag="v1.0.0").tag == ""


def test_the_tag_of_a_version_that_exists_cannot_be_removed(download: Download) -> None:
    version = created(download)
    owner = Actor(user=download.owner)
    with pytest.raises(Conflict, match="Delete the version first"):
        remove_tag(actor=owner, download=download, tag="v1.0.0")
    delete_version(actor=owner, version=version)
    remove_tag(actor=owner, download=download, tag="v1.0.0")
    with pytest.raises(Invalid, match="does not exist"):
        remove_tag(actor=owner, download=download, tag="v2")
    with pytest.raises(Denied):
        remove_tag(actor=Actor(user=make_user()), download=download, tag="v1.0.0")
