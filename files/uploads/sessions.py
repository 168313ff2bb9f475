"""Uploads straight to storage: begin, sign parts, complete, abort. `files.uploads.verification` does the rest.

Nothing here talks to the storage inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from files.models import PackageUpload, UploadSession
from files.names import InvalidName, clean_name
from files.quotas import check_room, check_user_quota, lock_quota
from files.services import check_new_file
from files.storage import Incoming, SignedPut, blob_storage
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound, Rejected
from releasehub.core.tasks import hint
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version

MIB = 1024 * 1024
MAX_PARTS = 10_000
MAX_PART_BYTES = 5 * 1024 * MIB
ONE_PUT_BYTES = 64 * MIB
USUAL_PART = 16 * MIB
MAX_SIGNED_PARTS = 100
URL_SECONDS = 3600
NOTE_ACTIVITY_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class PartAddress:
    number: int
    put: SignedPut
    first_byte: int
    size_bytes: int
    expires_at: datetime


@dataclass(frozen=True)
class Progress:
    """Part numbers, ascending."""

    received: list[int]
    missing: list[int]


def plan_parts(size_bytes: int, part_bytes: int | None) -> int:
    """The size of a part; 0 for one PUT. None lets the hub choose.  Errors: Invalid."""
    least = settings.MIN_PART_BYTES
    if part_bytes is None:
        if size_bytes <= ONE_PUT_BYTES:
            return 0
        fitting = -(-size_bytes // MAX_PARTS)
        return max(USUAL_PART, -(-fitting // MIB) * MIB)
    if part_bytes == 0 or part_bytes >= size_bytes:
        if size_bytes > MAX_PART_BYTES:
            raise Invalid(ErrorCode.INVALID, "One PUT takes 5 GiB at most: send parts.", field="part_bytes")
        return 0
    if not least <= part_bytes <= MAX_PART_BYTES or -(-size_bytes // part_bytes) > MAX_PARTS:
        message = f"A part has {least} bytes to 5 GiB, and there are at most {MAX_PARTS} parts."
        raise Invalid(ErrorCode.INVALID, message, field="part_bytes")
    return part_bytes


def check_begin(*, actor: Actor, version: Version | None, filename: str, size_bytes: int, sha256: str = "") -> str:
    """What can be refused before the first byte is sent. Returns the name to store.

    Errors: as `check_new_file`; NotFound for nobody.
    """
    if version is not None:
        return check_new_file(
            actor=actor, version=version, filename=filename, size_bytes=size_bytes, sha256=sha256.lower()
        )
    if actor.user is None and not actor.is_superuser:
        raise NotFound
    if settings.MAX_FILE_BYTES and size_bytes > settings.MAX_FILE_BYTES:
        message = f"The file would have {size_bytes} bytes; the limit is {settings.MAX_FILE_BYTES}."
        raise Rejected(ErrorCode.FILE_TOO_LARGE, message, field="size_bytes", limit=settings.MAX_FILE_BYTES)
    if actor.user_id is not None:
        check_user_quota(actor.user_id, max(size_bytes, 1))
    try:
        return clean_name(filename)
    except InvalidName as error:
        raise Invalid(ErrorCode.FILE_NAME_INVALID, str(error), field="filename", reason=error.code) from error


def open_incoming(*, size_bytes: int, part_bytes: int | None) -> Incoming:
    """A place for the bytes; asks the storage, so call it outside a transaction."""
    return blob_storage().begin_incoming(size_bytes=size_bytes, part_bytes=plan_parts(size_bytes, part_bytes))


def open_open_ended(*, limit_bytes: int) -> Incoming:
    """A place for one PUT of a length that nobody knows yet; `limit_bytes` 0 means what one PUT takes."""
    most = min(limit_bytes or MAX_PART_BYTES, MAX_PART_BYTES)
    return blob_storage().begin_incoming(size_bytes=most, part_bytes=0, is_open_ended=True)


def received_bytes(upload: UploadSession) -> int | None:
    """How much a PUT brought; None when nothing did, or more than was allowed. Asks the storage."""
    return blob_storage().received_parts(upload.incoming).get(1)


@transaction.atomic
def declare_size(upload: UploadSession, size_bytes: int) -> bool:
    """An open-ended upload that has come is from now on one of exactly this size, and waits to be verified.

    False when it is not open (any more).  Errors: Rejected when it does not fit into the quota of who pays for it.
    """
    _check_quota(upload, size_bytes)
    rows = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CREATED)
    now = timezone.now()
    changes = {"size_bytes": size_bytes, "is_open_ended": False, "last_active_at": now, "updated_at": now}
    return bool(rows.update(state=UploadSession.State.UPLOADED, **changes))


@transaction.atomic
def begin_upload(
    *, actor: Actor, version: Version | None, filename: str, incoming: Incoming, sha256: str = "", **fields: Any
) -> UploadSession:
    """The session of an upload into `incoming`. `sha256`: hex, or empty when the client does not know it yet.

    Errors: as `check_begin`.
    """
    if version is not None:
        version = lock_version(version)
    if (owner_id := version.download.owner_id if version else actor.user_id) is not None:
        lock_quota(owner_id)
    # What an open-ended upload will bring is unknown; it is counted when it has come.
    size_bytes = 0 if incoming.is_open_ended else incoming.size_bytes
    name = check_begin(actor=actor, version=version, filename=filename, size_bytes=size_bytes, sha256=sha256)
    return UploadSession.objects.create(
        user=actor.user,
        acting={
            "channel": actor.origin,
            "is_super_key": actor.is_super_key,
            "api_key_id": actor.api_key_id,
            "request_id": actor.request_id,
            "address": actor.address,
        },
        version=version,
        filename=name,
        fields=fields,
        size_bytes=incoming.size_bytes,
        sha256=sha256.lower(),
        is_open_ended=incoming.is_open_ended,
        part_bytes=incoming.part_bytes,
        storage_key=incoming.key,
        multipart_id=incoming.multipart_id,
    )


def find_upload(actor: Actor, public_id: str) -> UploadSession:
    """For whoever may upload to the version; without one, for the uploader.  Errors: NotFound, Denied."""
    rows = UploadSession.objects.select_related("version__download__category", "user", "file")
    upload = rows.filter(public_id=public_id).first()
    if upload is None:
        raise NotFound
    if upload.version is not None:
        version_policy.ensure("upload", actor, upload.version)
    elif not actor.is_superuser and (actor.user_id is None or actor.user_id != upload.user_id):
        raise NotFound
    return upload


def sign_parts(upload: UploadSession, wanted: Sequence[tuple[int, str]]) -> list[PartAddress]:
    """Addresses for (number, md5 in hex or empty).  Errors: Conflict when it is over; Invalid for numbers out of range.

    Source of the limits: the S3 API, 10,000 parts of 5 MiB to 5 GiB.
    """
    _ensure_open(upload)
    incoming = upload.incoming
    if len(wanted) > MAX_SIGNED_PARTS:
        raise Invalid(ErrorCode.INVALID, f"Ask for at most {MAX_SIGNED_PARTS} parts at once.", field="parts")
    expires_at = timezone.now() + timedelta(seconds=URL_SECONDS)
    addresses = []
    for number, md5 in wanted:
        if not 1 <= number <= incoming.part_count:
            message = f"There is no part {number}: this upload has parts 1 to {incoming.part_count}."
            raise Invalid(ErrorCode.INVALID, message, field="parts")
        put = blob_storage().sign_part(
            incoming,
            number,
            seconds=URL_SECONDS,
            sha256="" if incoming.part_bytes else upload.sha256,
            md5=md5.lower(),
        )
        first = (number - 1) * incoming.part_bytes
        addresses.append(PartAddress(number, put, first, incoming.part_size(number), expires_at))
    note_activity(upload)
    return addresses


def progress_of(upload: UploadSession) -> Progress:
    """Asks the storage while the upload is open."""
    numbers = range(1, upload.incoming.part_count + 1)
    if upload.state == UploadSession.State.CREATED:
        received = set(blob_storage().received_parts(upload.incoming))
    else:
        received = set(numbers) if upload.state in {"uploaded", "confirmed"} else set()
    return Progress([n for n in numbers if n in received], [n for n in numbers if n not in received])


def check_complete(upload: UploadSession) -> None:
    """Asks the storage, so call it before the transaction.  Errors: Conflict with `missing` while parts are missing."""
    if upload.state != UploadSession.State.CREATED:
        return
    if missing := progress_of(upload).missing:
        raise Conflict(
            ErrorCode.UPLOAD_INCOMPLETE,
            f"{len(missing)} of {upload.incoming.part_count} parts are missing or have another size.",
            missing=missing[:MAX_SIGNED_PARTS],
        )


@transaction.atomic
def complete_upload(*, actor: Actor, upload: UploadSession) -> UploadSession:
    """Hand the upload to a worker, which verifies it. Repeating changes nothing.

    Errors: NotFound, Denied; Conflict when it was aborted.
    """
    upload = find_upload(actor, upload.public_id)
    open_ones = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CREATED)
    if open_ones.update(state=UploadSession.State.UPLOADED, last_active_at=timezone.now(), updated_at=timezone.now()):
        transaction.on_commit(partial(hint, "files.verify_upload", upload.pk))
    upload.refresh_from_db()
    if upload.state == UploadSession.State.EXPIRED:
        _ensure_open(upload)
    return upload


def abort_upload(*, actor: Actor, upload: UploadSession) -> None:
    """Nothing stays of it.  Errors: Conflict while it is verified or when it is confirmed."""
    if not end_upload(upload, UploadSession.State.EXPIRED, actor=actor):
        upload.refresh_from_db()
        if upload.state in {UploadSession.State.UPLOADED, UploadSession.State.CONFIRMED}:
            raise Conflict(ErrorCode.UPLOAD_STATE, f"This upload is {upload.state}: delete its file instead.")
    blob_storage().drop_incoming(upload.incoming)


def expire_uploads() -> int:
    """End open uploads without activity for RELEASEHUB_UPLOAD_DAYS, and those whose bytes nobody took in that time.

    Returns how many open ones ended.
    """
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    untaken = UploadSession.objects.filter(state=UploadSession.State.CONFIRMED, version=None, blob__isnull=False)
    untaken.filter(last_active_at__lt=before).update(state=UploadSession.State.EXPIRED, blob=None)
    ended = 0
    for upload in UploadSession.objects.filter(state=UploadSession.State.CREATED, last_active_at__lt=before):
        if end_upload(upload, UploadSession.State.EXPIRED):
            blob_storage().drop_incoming(upload.incoming)
            ended += 1
    return ended


def forget_announcements() -> int:
    """Delete the announced packages whose uploads ended without a version. Return how many there were."""
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    over = (UploadSession.State.EXPIRED, UploadSession.State.FAILED)
    rows = PackageUpload.objects.filter(version=None, package__state__in=over, created_at__lt=before)
    return rows.delete()[1].get("files.PackageUpload", 0)


@transaction.atomic
def end_upload(upload: UploadSession, state: UploadSession.State, *, actor: Actor | None = None) -> bool:
    """False when it is not open (any more)."""
    rows = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CREATED)
    if not rows.update(state=state, updated_at=timezone.now()):
        return False
    if actor is not None:
        audit.record(actor=actor, action=AuditAction.UPLOAD_ABORT, target=upload)
    return True


def actor_of_upload(upload: UploadSession) -> Actor:
    """Who uploads, for the worker that finishes it in their name."""
    acting = dict(upload.acting)
    user: User | None = upload.user
    origin = Origin(acting.pop("channel", Origin.API))
    return Actor(user=user if user and user.is_active else None, origin=origin, **acting)


def note_activity(upload: UploadSession) -> None:
    now = timezone.now()
    if upload.last_active_at < now - NOTE_ACTIVITY_EVERY:
        UploadSession.objects.filter(pk=upload.pk).update(last_active_at=now)


def _check_quota(upload: UploadSession, size_bytes: int) -> None:
    """A package belongs to a download already, whose owner pays for it; other loose uploads belong to the uploader."""
    packages = PackageUpload.objects.filter(Q(package=upload) | Q(lockfile=upload))
    announced = packages.select_related("download__category").first()
    if announced is not None:
        lock_quota(announced.download.owner_id)
        check_room(announced.download, size_bytes, besides=upload)
    elif upload.user_id is not None:
        lock_quota(upload.user_id)
        check_user_quota(upload.user_id, size_bytes, besides=upload)


def _ensure_open(upload: UploadSession) -> None:
    if upload.state != UploadSession.State.CREATED:
        raise Conflict(ErrorCode.UPLOAD_STATE, f"This upload is {upload.state}: it takes no more bytes.")
