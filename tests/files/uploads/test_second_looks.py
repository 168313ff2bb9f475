"""What was true when the work began is asked again before it is finished."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from files.garbage import find_garbage, remove
from files.models import Blob, File, UploadSession
from files.storage import LocalStorage, blob_storage
from files.storage.streaming import StagedUpload
from files.uploads import verification
from files.uploads.parts import sign_parts
from files.uploads.sessions import begin_upload, open_incoming
from files.uploads.validating import decide
from files.uploads.verification import verify_upload
from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.core.actor import Actor
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
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
    answer = put(url, b"xyz")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "upload_state")
    assert received() == [b"abc"]


@pytest.mark.parametrize("has_version", [True, False])
def test_part_is_refused_once_its_user_may_not_upload(has_version: bool) -> None:
    """The URL was signed within the last hour, and the account was disabled since."""
    user = make_user()
    version = make_version(make_download(user)) if has_version else None
    incoming = open_incoming(size_bytes=3, part_bytes=None)
    upload = begin_upload(actor=Actor(user=user), version=version, filename="x.bin", incoming=incoming)
    url: Any = sign_parts(upload, [(1, "")])[0].put.url
    assert put(url, b"abc").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = put(url, b"xyz")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "address_refused")
    assert received() == [b"abc"]


@pytest.mark.parametrize(
    "end", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}, {"scopes": ["mc_dm_download:read"]}, None]
)
def test_part_is_refused_once_its_key_has_ended(end: dict[str, Any] | None) -> None:
    """Revoking a stolen key also ends the URLs that were signed for it."""
    user = make_user()
    make_key(user)
    key = ApiKey.objects.get(user=user)
    incoming = open_incoming(size_bytes=3, part_bytes=None)
    actor = Actor(user=user, api_key_id=key.pk)
    upload = begin_upload(actor=actor, version=None, filename="x.bin", incoming=incoming)
    url: Any = sign_parts(upload, [(1, "")])[0].put.url
    assert put(url, b"abc").status_code == 200
    if end is None:
        key.delete()
    else:
        ApiKey.objects.filter(pk=key.pk).update(**end)
    answer = put(url, b"xyz")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "address_refused")
    assert received() == [b"abc"]


@pytest.mark.parametrize(("state", "kept"), [("expired", []), ("uploaded", [b"xyz"])])
def test_part_that_is_complete_after_the_end_of_its_upload_leaves_nothing(
    state: UploadSession.State, kept: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the upload is verified, nothing is deleted below the worker, which deletes the parts itself."""
    upload = arrived()
    url: Any = sign_parts(upload, [(1, "")])[0].put.url
    receive_part = LocalStorage.receive_part

    def receive_slowly(*args: Any, **options: Any) -> None:
        move(upload, state)
        receive_part(*args, **options)

    monkeypatch.setattr(LocalStorage, "receive_part", receive_slowly)
    assert put(url, b"xyz").status_code == (200 if kept else 409)
    assert received() == kept


def put(url: str, content: bytes) -> Any:
    return Client().put(url, content, content_type="application/octet-stream")


def received() -> list[bytes]:
    """Return the parts in the storage."""
    parts = []
    for found in blob_storage().objects("incoming/"):
        with blob_storage().open(found.key) as handle:
            parts.append(handle.read())
    return parts
