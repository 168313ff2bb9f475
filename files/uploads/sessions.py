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
from django.utils import timezone

from downloads.models import Download
from files.models import UploadSession
from files.names import clean_name
from files.quotas import check_room, check_user_quota, lock_quota, reserved_bytes
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
    """The part numbers of an upload, in ascending order."""

    received: list[int]
    missing: list[int]


def plan_parts(size_bytes: int, part_bytes: int | None) -> int:
    """Return the part size in bytes, or 0 for an upload with a single PUT request.

    Args:
        part_bytes: The size that the client asks for, or None to let the hub choose.

    Raises:
        Invalid: The storage does not support parts of this size or this number of parts.
    """
    min_bytes = settings.MIN_PART_BYTES
    if part_bytes is None:
        if size_bytes <= ONE_PUT_BYTES:
            return 0
        fitting = -(-size_bytes // MAX_PARTS)
        return max(USUAL_PART, -(-fitting // MIB) * MIB)
    if part_bytes == 0 or part_bytes >= size_bytes:
        if size_bytes > MAX_PART_BYTES:
            raise Invalid(
                ErrorCode.INVALID,
                f"A single PUT request takes at most 5 GiB, but the file has {size_bytes} bytes. Upload it in parts.",
                field="part_bytes",
            )
        return 0
    if not min_bytes <= part_bytes <= MAX_PART_BYTES or -(-size_bytes // part_bytes) > MAX_PARTS:
        message = (
            f"part_bytes must be from {min_bytes} bytes to 5 GiB, with at most {MAX_PARTS} parts; it is {part_bytes}."
        )
        raise Invalid(ErrorCode.INVALID, message, field="part_bytes")
    return part_bytes


def check_begin(*, actor: Actor, version: Version | None, filename: str, size_bytes: int, sha256: str = "") -> str:
    """Run all checks that are possible before the first byte is sent, and return the name to store.

    Raises:
        DomainError: As `check_new_file`.
        NotFound: An anonymous actor begins an upload without a version.
    """
    if version is not None:
        return check_new_file(
            actor=actor, version=version, filename=filename, size_bytes=size_bytes, sha256=sha256.lower()
        )
    if actor.user is None and not actor.is_superuser:
        raise NotFound
    if settings.MAX_FILE_BYTES and size_bytes > settings.MAX_FILE_BYTES:
        message = (
            f"The file has {size_bytes} bytes, but the limit is {settings.MAX_FILE_BYTES} bytes. Choose a smaller file."
        )
        raise Rejected(ErrorCode.FILE_TOO_LARGE, message, field="size_bytes", limit=settings.MAX_FILE_BYTES)
    if actor.user_id is not None:
        check_user_quota(actor.user_id, max(size_bytes, 1))
    return clean_name(filename)


def open_incoming(*, size_bytes: int, part_bytes: int | None) -> Incoming:
    """Reserve a storage key for the upload. This calls the storage, so call it outside a transaction."""
    return blob_storage().begin_incoming(size_bytes=size_bytes, part_bytes=plan_parts(size_bytes, part_bytes))


@transaction.atomic
def begin_upload(
    *,
    actor: Actor,
    version: Version | None,
    filename: str,
    incoming: Incoming,
    sha256: str = "",
    package_of: Download | None = None,
    **fields: Any,
) -> UploadSession:
    """Create the session of an upload into `incoming`. `sha256` is in hex, or empty if the client does not know it.

    The upload reserves its bytes in the quotas (`files/quotas.py`).

    Args:
        package_of: The download, if the upload is for a version that does not exist yet. The caller has locked it.

    Raises:
        DomainError: As `check_begin`.
    """
    if version is not None:
        version = lock_version(version)
    download = version.download if version else package_of
    if (owner_id := download.owner_id if download else actor.user_id) is not None:
        lock_quota(owner_id)
    size_bytes = reserved_bytes(incoming.size_bytes, is_open_ended=incoming.is_open_ended)
    if package_of is not None:
        check_room(package_of, size_bytes)
        name = clean_name(filename)
    else:
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
    """Return the upload session, if the actor may upload to its version, or started it without a version.

    Raises:
        NotFound: No such upload is visible to the actor.
        Denied: The actor may see the version, but not upload to it.
    """
    rows = UploadSession.objects.select_related("version__download__category", "user", "file")
    upload = rows.filter(public_id=public_id).first()
    if upload is None:
        raise NotFound
    if upload.version is not None:
        version_policy.ensure("upload", actor, upload.version)
    elif not actor.is_superuser and (actor.user_id is None or actor.user_id != upload.user_id):
        raise NotFound
    return upload


def sign_parts(upload: UploadSession, requested_parts: Sequence[tuple[int, str]]) -> list[PartAddress]:
    """Return signed URLs for parts, given as pairs of a part number and an MD5 digest (hex or empty).

    Raises:
        Conflict: The upload is no longer open.
        Invalid: A part number is out of range, or too many parts are requested.

    Source of the limits: the S3 API, 10,000 parts of 5 MiB to 5 GiB.
    """
    _ensure_open(upload)
    incoming = upload.incoming
    if len(requested_parts) > MAX_SIGNED_PARTS:
        raise Invalid(
            ErrorCode.INVALID,
            f"Request at most {MAX_SIGNED_PARTS} parts at a time; this request has {len(requested_parts)}.",
            field="parts",
        )
    expires_at = timezone.now() + timedelta(seconds=URL_SECONDS)
    addresses = []
    for number, md5 in requested_parts:
        if not 1 <= number <= incoming.part_count:
            message = f"Part {number} does not exist. This upload has parts 1 to {incoming.part_count}."
            raise Invalid(ErrorCode.INVALID, message, field="parts")
        put = blob_storage().sign_part(
            incoming,
            number,
            seconds=URL_SECONDS,
            # The SHA-256 covers the whole file, so it can only be part of the signature of a single PUT.
            sha256="" if incoming.part_bytes else upload.sha256,
            md5=md5.lower(),
        )
        first = (number - 1) * incoming.part_bytes
        addresses.append(PartAddress(number, put, first, incoming.part_size(number), expires_at))
    note_activity(upload)
    return addresses


def progress_of(upload: UploadSession) -> Progress:
    """Return the progress of the upload. This calls the storage while the upload is open."""
    numbers = range(1, upload.incoming.part_count + 1)
    if upload.state == UploadSession.State.CREATED:
        received = set(blob_storage().received_parts(upload.incoming))
    else:
        received = set(numbers) if upload.state in {"uploaded", "confirmed"} else set()
    return Progress([n for n in numbers if n in received], [n for n in numbers if n not in received])


def check_complete(upload: UploadSession) -> None:
    """Check that all parts have arrived. This calls the storage, so call it before the transaction.

    Raises:
        Conflict: Parts are missing; `missing` lists their numbers.
    """
    if upload.state != UploadSession.State.CREATED:
        return
    if missing := progress_of(upload).missing:
        raise Conflict(
            ErrorCode.UPLOAD_INCOMPLETE,
            f"{len(missing)} of {upload.incoming.part_count} parts are missing or have the wrong size. "
            "Send these parts again, then complete the upload.",
            missing=missing[:MAX_SIGNED_PARTS],
        )


@transaction.atomic
def complete_upload(*, actor: Actor, upload: UploadSession) -> UploadSession:
    """Hand the upload to a worker, which verifies it. The call is idempotent.

    Raises:
        NotFound: The upload is not visible to the actor.
        Denied: The actor may not upload to the version.
        Conflict: The upload was aborted or has expired.
    """
    upload = find_upload(actor, upload.public_id)
    open_uploads = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CREATED)
    # A conditional update, so that of two parallel requests only one sends the hint, and an upload that was aborted
    # meanwhile stays aborted.
    if open_uploads.update(
        state=UploadSession.State.UPLOADED, last_active_at=timezone.now(), updated_at=timezone.now()
    ):
        transaction.on_commit(partial(hint, "files.verify_upload", upload.pk))
    upload.refresh_from_db()
    if upload.state == UploadSession.State.EXPIRED:
        _ensure_open(upload)
    return upload


def abort_upload(*, actor: Actor, upload: UploadSession) -> None:
    """Abort the upload and delete its bytes.

    Raises:
        Conflict: The upload is being verified, or is already confirmed.
    """
    # The row ends before the bytes are deleted. In the other order, a worker could verify an upload without bytes.
    if not end_upload(upload, UploadSession.State.EXPIRED, actor=actor):
        upload.refresh_from_db()
        if upload.state in {UploadSession.State.UPLOADED, UploadSession.State.CONFIRMED}:
            raise Conflict(
                ErrorCode.UPLOAD_STATE,
                f"This upload is {upload.state} and can no longer be aborted. Delete its file instead.",
            )
    blob_storage().drop_incoming(upload.incoming)


@transaction.atomic
def end_upload(upload: UploadSession, state: UploadSession.State, *, actor: Actor | None = None) -> bool:
    """End an open upload. Return False if it is no longer open."""
    rows = UploadSession.objects.filter(pk=upload.pk, state=UploadSession.State.CREATED)
    if not rows.update(state=state, updated_at=timezone.now()):
        return False
    if actor is not None:
        audit.record(actor=actor, action=AuditAction.UPLOAD_ABORT, target=upload)
    return True


def actor_of_upload(upload: UploadSession) -> Actor:
    """Return the actor who started the upload, for the worker that finishes it on their behalf."""
    acting = dict(upload.acting)
    user: User | None = upload.user
    origin = Origin(acting.pop("channel", Origin.API))
    return Actor(user=user if user and user.is_active else None, origin=origin, **acting)


def note_activity(upload: UploadSession) -> None:
    now = timezone.now()
    if upload.last_active_at < now - NOTE_ACTIVITY_EVERY:
        UploadSession.objects.filter(pk=upload.pk).update(last_active_at=now)


def _ensure_open(upload: UploadSession) -> None:
    if upload.state != UploadSession.State.CREATED:
        raise Conflict(
            ErrorCode.UPLOAD_STATE, f"This upload is {upload.state} and accepts no more bytes. Begin a new upload."
        )
