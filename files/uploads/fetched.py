"""Uploads whose bytes the hub itself fetches from another server, in parts, so that a later fetch can continue.

They begin without a version, and `attach_file` turns them into files later, as it does with uploads of clients.
"""

from collections.abc import Iterable, Iterator

from django.db import transaction

from downloads.models import Download
from downloads.services import lock_download
from files.models import Blob, UploadSession
from files.storage import Incoming, blob_storage
from files.uploads.checksums import size_differs
from files.uploads.ending import check_complete, end_upload, mark_received
from files.uploads.immediate_verification import verify_now
from files.uploads.parts import MAX_PARTS, note_activity
from files.uploads.sessions import begin_upload
from releasehub.core.actor import Actor

PART_BYTES = 8 * 1024 * 1024


def begin_fetch(
    *, actor: Actor, download: Download, filename: str, size_bytes: int, sha256: str = "", **fields: str
) -> UploadSession:
    """Begin an upload whose file is going to belong to the download. Call it outside a transaction.

    Raises:
        Invalid: The file name is not acceptable.
        Rejected: The bytes do not fit into the quota of the download or its owner.
        StorageFull: The storage has no space for them.
        StorageUnavailable: The storage does not respond.
    """
    incoming = blob_storage().begin_incoming(size_bytes=size_bytes, part_bytes=_part_bytes(size_bytes))
    try:
        return _begin(actor, download, filename, incoming, sha256, fields)
    except BaseException:
        blob_storage().drop_incoming(incoming)
        raise


def received_prefix(upload: UploadSession) -> int:
    """Return how many bytes from the beginning are stored already. This calls the storage."""
    stored = blob_storage().received_parts(upload.incoming)
    count = next(number for number in range(upload.incoming.part_count + 1) if number + 1 not in stored)
    return min(count * (upload.part_bytes or upload.size_bytes), upload.size_bytes)


def store_chunks(upload: UploadSession, chunks: Iterable[bytes], *, start: int) -> None:
    """Store the bytes from position `start` on, part by part. `start` is what `received_prefix` returned.

    Raises:
        Rejected: There are more or fewer bytes than the upload has.
        StorageFull: The storage has no space for them.
        StorageUnavailable: The storage does not respond.
    """
    incoming, position = upload.incoming, start
    number = start // incoming.part_bytes + 1 if incoming.part_bytes else 1
    for part in _parts(incoming, chunks, number):
        position += len(part)
        if number > incoming.part_count or len(part) != incoming.part_size(number):
            raise size_differs(position, upload.size_bytes)
        blob_storage().write_part(incoming, number, part)
        note_activity(upload)
        number += 1
    if position != upload.size_bytes:
        raise size_differs(position, upload.size_bytes)


def finish_fetch(upload: UploadSession) -> Blob:
    """Verify the bytes and return their blob. The call is idempotent. Call it outside a transaction.

    Raises:
        Conflict: Parts are missing.
        Rejected: The bytes do not have the declared SHA-256.
        StorageUnavailable: The storage does not respond.
        StorageFull: The storage has no space left.
    """
    check_complete(upload)
    mark_received(upload)
    upload.refresh_from_db()
    return verify_now(upload)


def drop_fetch(upload: UploadSession) -> None:
    """End an upload that is not going to be completed, and delete its bytes."""
    end_upload(upload, UploadSession.State.EXPIRED)
    blob_storage().drop_incoming(upload.incoming)


@transaction.atomic
def _begin(
    actor: Actor, download: Download, filename: str, incoming: Incoming, sha256: str, fields: dict[str, str]
) -> UploadSession:
    locked = lock_download(download.pk)
    return begin_upload(
        actor=actor,
        version=None,
        filename=filename,
        incoming=incoming,
        sha256=sha256,
        package_of=locked,
        **fields,
    )


def _part_bytes(size_bytes: int) -> int:
    """Return the size of the parts, or 0 for a single one. A part is in memory while it is stored."""
    if size_bytes <= PART_BYTES:
        return 0
    return max(PART_BYTES, -(-size_bytes // MAX_PARTS))


def _parts(incoming: Incoming, chunks: Iterable[bytes], number: int) -> Iterator[bytes]:
    """Yield the chunks joined to whole parts, and what is left of them as the last part."""
    buffer, has_sent = bytearray(), number > 1
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= (size := _size_of_part(incoming, number)):
            yield bytes(buffer[:size])
            del buffer[:size]
            number, has_sent = number + 1, True
    if buffer or not has_sent:  # an empty file has one empty part
        yield bytes(buffer)


def _size_of_part(incoming: Incoming, number: int) -> int:
    """Return the size of the part. After the last one it is 1, so that a byte too many is noticed at once."""
    return max(incoming.part_size(number), 1) if number <= incoming.part_count else 1
