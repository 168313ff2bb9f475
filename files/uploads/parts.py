"""Parts of uploads straight to storage: plan their size, sign their URLs, and report which have arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from files.models import UploadSession
from files.storage import SignedPut, blob_storage
from releasehub.core.errors import Conflict, ErrorCode, Invalid

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
                f"A single PUT request takes at most 5 GiB, but the file has {size_bytes} bytes. Upload it in parts.",
                field="part_bytes",
            )
        return 0
    if not min_bytes <= part_bytes <= MAX_PART_BYTES or -(-size_bytes // part_bytes) > MAX_PARTS:
        message = (
            f"part_bytes must be from {min_bytes} bytes to 5 GiB, with at most {MAX_PARTS} parts; it is {part_bytes}."
        )
        raise Invalid(message, field="part_bytes")
    return part_bytes


def sign_parts(upload: UploadSession, requested_parts: Sequence[tuple[int, str]]) -> list[PartAddress]:
    """Return signed URLs for parts, given as pairs of a part number and an MD5 digest (hex or empty).

    Raises:
        Conflict: The upload is no longer open.
        Invalid: A part number is out of range, or too many parts are requested.

    Source of the limits: the S3 API, 10,000 parts of 5 MiB to 5 GiB.
    """
    ensure_open(upload)
    incoming = upload.incoming
    if len(requested_parts) > MAX_SIGNED_PARTS:
        raise Invalid(
            f"Request at most {MAX_SIGNED_PARTS} parts at a time; this request has {len(requested_parts)}.",
            field="parts",
        )
    expires_at = timezone.now() + timedelta(seconds=URL_SECONDS)
    addresses = []
    for number, md5 in requested_parts:
        if not 1 <= number <= incoming.part_count:
            message = f"Part {number} does not exist. This upload has parts 1 to {incoming.part_count}."
            raise Invalid(message, field="parts")
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


def note_activity(upload: UploadSession) -> None:
    now = timezone.now()
    if upload.last_active_at < now - NOTE_ACTIVITY_EVERY:
        UploadSession.objects.filter(pk=upload.pk).update(last_active_at=now)


def ensure_open(upload: UploadSession) -> None:
    if upload.state != UploadSession.State.CREATED:
        raise Conflict(
            ErrorCode.UPLOAD_STATE, f"This upload is {upload.state} and accepts no more bytes. Begin a new upload."
        )
