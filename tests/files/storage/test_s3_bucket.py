"""A bucket that other programs use too, that a killed process left untidy, or that is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from files.blob_checks import verify_blobs
from files.garbage import find_garbage, remove
from files.models import Blob
from files.storage import BLOBS, INCOMING, S3Storage, blob_storage, new_key
from releasehub.core.errors import StorageUnavailable
from releasehub.operations.errors import OperationError
from releasehub.operations.vault.places import open_place
from tests.factories import make_file

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(settings.STORAGE_KIND != "s3", reason="Only S3 has multipart uploads."),
]
CONTENT = b"an object of the bucket"


@pytest.fixture
def bucket() -> Any:
    """Return the S3 storage, as a type with its client."""
    return blob_storage()


def leave_multipart(bucket: Any, key: str) -> None:
    bucket.client.create_multipart_upload(Bucket=bucket.bucket, Key=key)


def collect(*keys: str) -> list[str]:
    """Remove the garbage under these keys, because all tests share a bucket. Return what it was."""
    found = [item for item in find_garbage(older_than=timedelta(seconds=-60)) if item.name in keys]
    return [item.kind for item in found if remove(item)]


def open_keys(bucket: Any, *keys: str) -> set[str]:
    pages = bucket.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket.bucket)
    return {entry["Key"] for page in pages for entry in page.get("Uploads", []) if entry["Key"] in keys}


def test_file_outlives_an_interrupted_copy_to_its_key(bucket: Any) -> None:
    """A killed worker, restore or move leaves a multipart upload under the key that its next attempt writes."""
    blob = make_file().blob
    assert blob is not None
    leave_multipart(bucket, blob.storage_key)
    assert collect(blob.storage_key) == ["multipart"]
    assert open_keys(bucket, blob.storage_key) == set()
    assert bucket.size(blob.storage_key) == blob.size_bytes


def test_multiparts_of_other_programs_are_not_garbage(bucket: Any) -> None:
    other, mine = new_key("another-program/"), [new_key(BLOBS), new_key(INCOMING)]
    bucket.client.put_object(Bucket=bucket.bucket, Key=other, Body=CONTENT)
    for key in (other, *mine):
        leave_multipart(bucket, key)
    assert collect(other, *mine) == ["multipart", "multipart"]
    assert open_keys(bucket, other, *mine) == {other}
    assert bucket.size(other) == len(CONTENT)


def test_backup_aborts_the_multiparts_of_its_target_only(bucket: Any) -> None:
    folder = new_key("").replace("/", "-")
    mine, other = f"{folder}/objects/a", f"{folder}-2/objects/a"
    for key in (mine, other):
        leave_multipart(bucket, key)
    open_place(f"s3://{bucket.bucket}/{folder}").abort_unfinished()
    assert open_keys(bucket, mine, other) == {other}


@pytest.mark.parametrize("folder", ["blobs", "incoming/x", "/staging/"])
def test_backup_into_the_stored_files_is_refused(bucket: Any, folder: str) -> None:
    """The collection of garbage would delete the backup."""
    with pytest.raises(OperationError, match="Choose another folder"):
        open_place(f"s3://{bucket.bucket}/{folder}")


def test_files_of_a_missing_bucket_are_not_recorded_as_missing(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = make_file().blob
    monkeypatch.setattr(S3Storage, "bucket", "no-such-bucket")
    with pytest.raises(StorageUnavailable):
        list(verify_blobs(Blob.objects.filter(pk=blob.pk)))  # type: ignore[union-attr]
    monkeypatch.undo()
    assert Blob.objects.get().state == "stored"
