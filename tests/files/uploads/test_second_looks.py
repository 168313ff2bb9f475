"""What was true when the work began is asked again before it is finished."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from files.garbage import find_garbage, remove
from files.models import Blob, File, UploadSession
from files.storage import LocalStorage, blob_storage
from files.storage.streaming import StagedUpload
from files.uploads import verification
from files.uploads.parts import sign_parts
from files.uploads.sessions import begin_upload, open_incoming
from files.uploads.validating import decide
from files.uploads.verification import verify_upload
from tests.factories import make_file, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_storage")]


def arrived() -> UploadSession:
    """An upload whose three bytes are there."""
    incoming = open_incoming(size_bytes=3, part_bytes=None)
    upload = begin_upload(actor=system(), version=make_version(), filename="x.bin", incoming=incoming)
    storage = blob_storage()
    assert isinstance(storage, LocalStorage)
    storage.receive_part(upload.storage_key, 1, BytesIO(b"abc"), 3, sha256="", md5="")
    return upload


def move(upload: UploadSession, state: UploadSession.State) -> None:
    UploadSession.objects.filter(pk=upload.pk).update(state=state)


def test_upload_aborted_during_verification_creates_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = arrived()
    move(upload, UploadSession.State.UPLOADED)
    claim = verification._claim_blob

    def claimed_and_ended(session: UploadSession, staged: StagedUpload) -> Blob:
        move(session, UploadSession.State.EXPIRED)
        return claim(session, staged)

    monkeypatch.setattr(verification, "_claim_blob", claimed_and_ended)
    verify_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.file, File.objects.count()) == (UploadSession.State.EXPIRED, None, 0)


@pytest.mark.parametrize("kind", ["incoming", "multipart"])
def test_garbage_claimed_concurrently_is_not_removed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = arrived()
    move(upload, UploadSession.State.FAILED)
    [item] = [found for found in find_garbage(older_than=timedelta(seconds=-1)) if found.name.startswith("incoming/")]
    object.__setattr__(item, "kind", kind)
    before = [found.key for found in blob_storage().objects("incoming/")]
    move(upload, UploadSession.State.CREATED)
    assert remove(item) is False
    assert [found.key for found in blob_storage().objects("incoming/")] == before != []


def test_file_is_validated_once() -> None:
    file = make_file()
    count = Version.objects.get(pk=file.version_id).file_count
    file.validation_status = File.Validation.PENDING  # as in another process that read the row earlier
    assert decide(file, []) is None
    assert Version.objects.get(pk=file.version_id).file_count == count


@pytest.mark.parametrize("state", [state for state in UploadSession.State if state != UploadSession.State.CREATED])
def test_part_is_rejected_after_completion(state: UploadSession.State) -> None:
    upload = arrived()
    url: Any = sign_parts(upload, [(1, "")])[0].put.url
    move(upload, state)
    answer = Client().put(url, b"xyz", content_type="application/octet-stream")
    assert answer.status_code == 409
    [kept] = [found.key for found in blob_storage().objects("incoming/")]
    with blob_storage().open(kept) as handle:
        assert handle.read() == b"abc"
