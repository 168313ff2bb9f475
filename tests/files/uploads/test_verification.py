"""An upload becomes exactly one file with exactly the declared bytes, even after crashes."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from files.models import Blob, File, UploadSession
from files.storage import blob_storage
from files.storage.streaming import StagedUpload
from files.uploads import verification, verification_queue
from files.uploads.ending import complete_upload
from files.uploads.parts import sign_parts
from files.uploads.sessions import begin_upload, find_upload, open_incoming
from files.uploads.verification import verify_upload
from files.uploads.verification_queue import claim_upload
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.errors import Conflict, DomainError, StorageUnavailable
from releasehub.webhooks.models import Event
from tests.api.native.test_uploads import left_behind, put
from tests.factories import make_version, system
from tests.racing import ends_of

pytestmark = pytest.mark.django_db
BYTES = random.Random(7).randbytes(20_000)
FAULTS = int(os.environ.get("UPLOAD_FAULTS", "18"))


def begin(*, part_bytes: int = 0, content: bytes = BYTES, **fields: Any) -> UploadSession:
    incoming = open_incoming(size_bytes=len(content), part_bytes=part_bytes)
    sha256 = hashlib.sha256(content).hexdigest()
    return begin_upload(
        actor=system(), version=make_version(), filename="tool.bin", incoming=incoming, sha256=sha256, **fields
    )


def address(upload: UploadSession, number: int = 1) -> dict[str, Any]:
    (signed,) = sign_parts(upload, [(number, "")])
    return {"url": signed.put.url, "headers": signed.put.headers, "first": signed.first_byte, "size": signed.size_bytes}


def send(upload: UploadSession, content: bytes = BYTES) -> None:
    for number in range(1, upload.incoming.part_count + 1):
        target = address(upload, number)
        assert put(target, content[target["first"] : target["first"] + target["size"]]) in {200, 204}


def uploaded(**options: Any) -> UploadSession:
    upload = begin(**options)
    send(upload)
    return complete_upload(actor=system(), upload=upload)


def stored(file: File) -> bytes:
    with blob_storage().open(file.blob.storage_key) as handle:  # type: ignore[union-attr]
        return handle.read()


@pytest.fixture(autouse=True)
def small_parts(settings: Any) -> None:
    settings.MIN_PART_BYTES = 1


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_racing_confirmations_make_one_file() -> None:
    upload = begin()
    send(upload)

    def confirm() -> None:
        complete_upload(actor=system(), upload=find_upload(system(), upload.public_id))
        verify_upload(upload.pk)

    _, errors = ends_of([confirm] * 16)
    assert errors == []
    upload.refresh_from_db()
    assert (upload.state, File.objects.count(), Blob.objects.count()) == ("confirmed", 1, 1)
    assert Event.objects.filter(type="file.created").count() == 1
    assert AuditEntry.objects.filter(action=AuditAction.FILE_CREATE).count() == 1
    assert left_behind() == []


class Killed(BaseException):
    """As if the process had ended here: nothing is tidied up."""


STEPS = [
    (verification, "_collect"),
    (verification, "_claim_blob"),
    (verification, "claim_blob"),
    (verification, "_confirm"),
    (type(blob_storage()), "collect"),
    (type(blob_storage()), "open"),
    (type(blob_storage()), "drop_incoming"),
]


CRASHES = [
    (place, step, moment, is_known, part_bytes)
    for number, ((place, step), moment) in enumerate(product(STEPS, ["before", "after"]))
    for is_known, part_bytes in product([False, True], [0, 8192])
    # Only the storage joins parts. The other steps see each value once, in turn with and without known bytes.
    if step in {"collect", "drop_incoming"} or (is_known is bool(part_bytes)) is (number % 4 < 2)
]


def as_parameters(crash: tuple[Any, ...]) -> Any:
    """Only the steps of the storage differ between the kinds of storage."""
    marks = [pytest.mark.embedded] if crash[0] is verification else []
    return pytest.param(*crash, marks=marks, id="-".join(map(str, crash[1:])))


@pytest.mark.parametrize(("place", "step", "moment", "is_known", "part_bytes"), [*map(as_parameters, CRASHES)])
def test_verification_continues_after_a_crash_at_any_step(
    monkeypatch: pytest.MonkeyPatch, place: Any, step: str, moment: str, is_known: bool, part_bytes: int
) -> None:
    if is_known:
        verify_upload(uploaded().pk)
    upload = uploaded(part_bytes=part_bytes)
    original: Callable[..., Any] = getattr(place, step)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if moment == "after" and hasattr(answer := original(*args, **kwargs), "close"):
            answer.close()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, step, dies)
        patch.setattr(verification, "release_claim", lambda blob: None)
        with pytest.raises(Killed):
            verify_upload(upload.pk)
    UploadSession.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    verify_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.error_code) == ("confirmed", "")
    assert upload.file is not None
    assert stored(upload.file) == BYTES
    assert File.objects.filter(version=upload.version).count() == 1
    assert Blob.objects.count() == 1


def test_leased_upload_is_skipped_by_a_second_worker() -> None:
    upload = uploaded()
    assert claim_upload(upload.pk) is not None
    assert verify_upload(upload.pk) is None


def test_lease_is_short_and_extended_while_the_worker_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload whose worker was killed waits for the end of the lease."""
    upload, extended, collect = uploaded(), threading.Event(), verification._collect
    monkeypatch.setattr(verification_queue, "RENEW_SECONDS", 0.001)
    monkeypatch.setattr(verification_queue, "_extend", lambda upload_id: extended.set())

    def collect_slowly(session: UploadSession) -> StagedUpload:
        leased = UploadSession.objects.filter(pk=session.pk, lease_until__lte=Now() + timedelta(minutes=1))
        assert leased.exists()
        assert extended.wait(60)
        return collect(session)

    monkeypatch.setattr(verification, "_collect", collect_slowly)
    assert verify_upload(upload.pk) == "confirmed"


def test_worker_with_an_expired_lease_overwrites_nothing() -> None:
    """Its lease is over, another one finished meanwhile, and the client put other bytes in the old place."""
    upload = uploaded()
    late = claim_upload(upload.pk)
    assert late is not None
    UploadSession.objects.filter(pk=upload.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    verify_upload(upload.pk)
    blob = Blob.objects.get()
    assert blob.storage_key != late.final_key
    with pytest.raises(DomainError):
        verification._collect(late)
    assert stored(File.objects.get()) == BYTES


def test_a_late_worker_does_not_confirm_again() -> None:
    """Its lease has expired while it hashed the bytes, and another worker has confirmed the upload since."""
    upload = uploaded()
    late = claim_upload(upload.pk)
    assert late is not None
    UploadSession.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    verify_upload(upload.pk)
    file = File.objects.get()
    assert file.blob is not None
    verification._confirm(late, file.blob)
    assert File.objects.get() == file
    assert AuditEntry.objects.filter(action=AuditAction.FILE_CREATE).count() == 1


def test_confirmation_leaves_nothing_behind_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    save = UploadSession.save

    def fail_at_the_end(upload: UploadSession, **options: Any) -> None:
        if "state" in options["update_fields"]:
            raise RuntimeError("the last step failed")
        save(upload, **options)

    upload = uploaded()
    monkeypatch.setattr(UploadSession, "save", fail_at_the_end)
    with pytest.raises(RuntimeError):
        verify_upload(upload.pk)
    assert not File.objects.exists()
    assert not AuditEntry.objects.filter(action=AuditAction.FILE_CREATE).exists()
    assert not Event.objects.filter(type="file.created").exists()


def test_bytes_of_another_length_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The storage lost some bytes of an upload for which no digest was declared."""
    upload = uploaded()
    UploadSession.objects.update(sha256="")
    monkeypatch.setattr(type(blob_storage()), "open", lambda *_: BytesIO(BYTES[:-1]))
    assert verify_upload(upload.pk) == "failed"
    upload.refresh_from_db()
    assert "19999 bytes" in upload.error_message.replace(",", "")


@pytest.mark.parametrize("trouble", ["collect", "open"])
def test_storage_failure_is_retried(monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    upload = uploaded()

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(type(blob_storage()), trouble, broken)
        with pytest.raises(StorageUnavailable):
            verify_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.lease_until) == ("uploaded", None)
    verify_upload(upload.pk)
    assert stored(File.objects.get()) == BYTES


def fault_short(upload: UploadSession) -> None:
    put(address(upload), BYTES[:-1], **{"Content-Length": str(len(BYTES) - 1)})


def fault_long(upload: UploadSession) -> None:
    put(address(upload), BYTES + b"x", **{"Content-Length": str(len(BYTES) + 1)})


def fault_other_bytes(upload: UploadSession) -> None:
    put(address(upload), b"x" * len(BYTES))


def fault_replaced(upload: UploadSession) -> None:
    send(upload)
    put(address(upload), bytes(reversed(BYTES)))


def fault_replaced_where_the_storage_checks_nothing(upload: UploadSession) -> None:
    """As on a storage that ignores digests: the address was signed without one."""
    send(upload)
    sha256, upload.sha256 = upload.sha256, ""
    put(address(upload), bytes(reversed(BYTES)))
    upload.sha256 = sha256


def fault_replaced_after_confirm(upload: UploadSession) -> None:
    target = address(upload)
    send(upload)
    complete_upload(actor=system(), upload=upload)
    verify_upload(upload.pk)
    put(target, BYTES)
    put(target, bytes(reversed(BYTES)))


def fault_expired(upload: UploadSession) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("files.uploads.parts.URL_SECONDS", -10 if settings.STORAGE_KIND == "local" else 1)
        target = address(upload)
    if settings.STORAGE_KIND == "local":
        assert put(target, BYTES) == 403


def fault_wrong_key(upload: UploadSession) -> None:
    other = address(begin())
    put(other, BYTES)


def fault_cut(upload: UploadSession) -> None:
    if settings.STORAGE_KIND == "local":
        storage: Any = blob_storage()
        with pytest.raises(DomainError):
            storage.receive_part(upload.storage_key, 1, BytesIO(BYTES[:9000]), len(BYTES), sha256="", md5="")
    else:
        put(address(upload), BYTES[:9000], is_cut=True)


def test_no_storage_fault_makes_wrong_bytes_downloadable() -> None:
    faults = [fault for name, fault in sorted(globals().items()) if name.startswith("fault_")]
    states: dict[str, int] = {}
    for number in range(FAULTS):
        upload = begin()
        faults[number % len(faults)](upload)
        with suppress(Conflict):
            complete_upload(actor=system(), upload=upload)
        verify_upload(upload.pk)
        upload.refresh_from_db()
        states[upload.state] = states.get(upload.state, 0) + 1
        if upload.file is not None:
            assert stored(upload.file) == BYTES
    for file in File.objects.all():
        assert stored(file) == BYTES
    assert states["confirmed"] >= FAULTS // len(faults)
    assert set(states) <= {"created", "failed", "confirmed"}
