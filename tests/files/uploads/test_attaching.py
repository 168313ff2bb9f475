"""Files by name, and versions that are made with their files."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from files.blobs import erase_unused
from files.models import Blob, File
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import FileReference, find_sources
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid, Rejected
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.releases import create_with_files, edit_with_files
from tests.factories import make_download, make_file, make_loose_upload, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


def attach(actor: Actor, reference: str, version: Version | None = None, **given: Any) -> File:
    (source,) = find_sources(actor, [FileReference(reference, **given)])
    return attach_file(actor=system(), version=version or make_version(), source=source)


def test_attached_upload_fields_are_overridden_by_the_reference() -> None:
    user = make_user()
    upload = make_loose_upload(user, platform="linux", architecture="x64", display_label="Linux")
    file = attach(Actor(user=user), upload.public_id, architecture="arm64")
    assert (file.platform, file.architecture, file.display_label) == ("linux", "arm64", "Linux")


def test_attached_upload_passes_its_blob_to_the_file() -> None:
    user = make_user()
    file = attach(Actor(user=user), make_loose_upload(user).public_id)
    delete_file(actor=system(), file=file, hard=True)
    assert erase_unused(Blob.objects.values_list("pk", flat=True)) == 1


def test_upload_can_be_attached_again_while_its_file_is_there() -> None:
    user = make_user()
    upload = make_loose_upload(user)
    first = attach(Actor(user=user), upload.public_id, version=make_version(make_download(user)))
    assert attach(Actor(user=user), upload.public_id).blob == first.blob
    delete_file(actor=system(), file=first)
    with pytest.raises(Invalid):
        attach(Actor(user=user), upload.public_id)


def test_small_upload_is_inspected_immediately() -> None:
    user = make_user()
    upload = make_loose_upload(user, name="tool.zip", content=b"no zip at all")
    with pytest.raises(Rejected):
        find_sources(Actor(user=user), [FileReference(upload.public_id)])


def test_large_upload_is_left_to_a_worker(settings: Any) -> None:
    settings.INLINE_CHECK_BYTES = 1
    user = make_user()
    assert attach(Actor(user=user), make_loose_upload(user).public_id).validation_status == "pending"


def test_administrators_can_attach_uploads_of_other_users() -> None:
    upload = make_loose_upload(make_user())
    with pytest.raises(Invalid):
        find_sources(Actor(), [FileReference(upload.public_id)])
    assert attach(system(), upload.public_id).blob == upload.blob


def test_copied_link_is_validated_like_an_upload() -> None:
    for status in ("passed", "pending"):
        known = make_file()
        File.objects.filter(pk=known.pk).update(validation_status=status)
        assert attach(system(), known.public_id).validation_status == status


def test_attached_link_stays_a_link() -> None:
    known = make_file()
    File.objects.filter(pk=known.pk).update(blob=None, external_url="https://example.com/tool.bin")
    copy = attach(system(), known.public_id, checksum="0" * 128)
    assert (copy.external_url, copy.validation_status) == ("https://example.com/tool.bin", "pending")
    assert copy.external_sha512 == "0" * 128


def test_attaching_missing_bytes_is_rejected() -> None:
    known = make_file()
    Blob.objects.update(state="missing")
    with pytest.raises(Invalid):
        find_sources(system(), [FileReference(known.public_id)])


@pytest.mark.embedded
@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "sha1", "md5"])
def test_every_digest_is_compared_with_its_own_kind(algorithm: str) -> None:
    known = make_file(content=b"bytes")
    right = hashlib.new(algorithm, b"bytes").hexdigest()
    find_sources(system(), [FileReference(known.public_id, checksum=right)])
    with pytest.raises(Rejected) as refusal:
        find_sources(system(), [FileReference(known.public_id, checksum="0" * len(right))])
    assert right in refusal.value.message


def test_sha1_of_a_large_file_is_not_read(settings: Any) -> None:
    settings.INLINE_CHECK_BYTES = 4
    known = make_file(content=b"bytes")
    with pytest.raises(Invalid, match="SHA-256"):
        find_sources(system(), [FileReference(known.public_id, checksum="0" * 40)])


@pytest.mark.parametrize(
    ("length", "field"), [(128, "external_sha512"), (64, "declared_checksum"), (40, "declared_checksum")]
)
def test_digest_of_a_link_waits_for_the_worker(length: int, field: str) -> None:
    (source,) = find_sources(system(), [FileReference("77", checksum="0" * length)])
    version = make_version(release_page_url="https://github.com/o/r/releases/tag/v1")
    assert getattr(attach_file(actor=system(), version=version, source=source), field) == "0" * length


@pytest.mark.embedded
def test_names_are_found_in_as_many_queries_for_twenty_as_for_one() -> None:
    user = make_user()
    named = [FileReference(make_file(make_version(make_download(user))).public_id) for _ in range(20)]
    for count in (1, 20):
        with CaptureQueriesContext(connection) as queries:
            assert len(find_sources(Actor(user=user), named[:count])) == count
        assert len(queries) == 3


def test_version_without_a_file_is_not_created() -> None:
    download = make_download()
    with pytest.raises(Invalid):
        create_with_files(actor=system(), download_id=download.pk, number="1.0", sources=[])
    assert not Version.all_objects.exists()


def test_version_with_only_failed_files_is_not_published() -> None:
    version = make_version(state="draft", files=1)
    File.objects.update(validation_status="failed")
    with pytest.raises(Invalid):
        edit_with_files(actor=system(), version=version, state="published")


def test_pending_file_is_enough_to_publish() -> None:
    version = make_version(state="draft", files=1)
    File.objects.update(validation_status="pending")
    assert edit_with_files(actor=system(), version=version, state="published").state == "published"


def test_empty_update_requires_the_edit_right() -> None:
    with pytest.raises(Denied):
        edit_with_files(actor=Actor(user=make_user()), version=make_version())
