"""Fetch the files of a release into the storage, continue where an earlier run ended, and compare their digests."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from downloads.models import Download
from downloads.rules import rules_of
from files.inspection.content import findings_of, head_of
from files.inspection.validation import check_findings
from files.models import Blob, UploadSession
from files.quotas import room_left
from files.storage import blob_storage
from files.storage.digests import digest_of
from files.storage.local_writer import disk_errors, ensure_free
from files.uploads.attachment_sources import AttachmentSource
from files.uploads.fetched import begin_fetch, drop_fetch, finish_fetch, received_prefix, store_chunks
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from releasehub.importing.leases import RunLease, TurnOver, is_full
from releasehub.importing.models import ImportedFile
from releasehub.importing.sources.base import OpenedAsset, ReleaseSource, SourceAsset, SourceRefused, SourceUnavailable

CHUNK_BYTES = 1024 * 1024
BUSY_SECONDS = 30.0
TURN_SECONDS = 600.0  # the slowest source that is accepted sends more than one part of an upload in this time
MAX_UNKNOWN_BYTES = 4 * 1024 * 1024 * 1024
State = UploadSession.State


def fetch_file(*, lease: RunLease, source: ReleaseSource, actor: Actor, download: Download, row: ImportedFile) -> Blob:
    """Return the blob of a file, whose bytes have the size and the digest that the source states.

    The bytes stay in an upload of the actor until the version is published. Call it outside a transaction.

    Raises:
        SourceUnavailable: The source does not answer at the moment. What has arrived is kept.
        SourceRefused: The source does not have the file, or has another one.
        DomainError: The bytes are not those that the source states, or do not fit here.
        RunTakenOver: Another worker has taken over the run.
        Canceled: A person has asked to stop the run.
        TurnOver: The file has taken long enough, and other runs wait.
    """
    if row.upload is not None and row.upload.state == State.CONFIRMED and row.upload.blob is not None:
        return row.upload.blob
    if row.upload is None or row.upload.state != State.UPLOADED:
        row.upload = row.upload if row.upload is not None and row.upload.state == State.CREATED else None
        _receive(lease, source, actor, download, row)
    with lease.held(row.upload.size_bytes if row.upload else 0):
        return _verified(row)


def _verified(row: ImportedFile) -> Blob:
    assert row.upload is not None  # noqa: S101 - the bytes have been received into it
    try:
        blob = finish_fetch(row.upload)
    except Conflict as busy:
        row.upload.refresh_from_db()
        if row.upload.state != State.UPLOADED:
            raise
        # A process that was killed while it verified the upload still holds the lease on it, which expires soon.
        raise SourceUnavailable(busy.message, wait_seconds=BUSY_SECONDS) from None
    try:
        check_digest(blob, row)
    except Rejected:
        UploadSession.objects.filter(pk=row.upload.pk).update(state=State.FAILED, blob=None)
        raise
    return blob


def inspect_file(blob: Blob, row: ImportedFile, download: Download) -> AttachmentSource:
    """Return the file as something to attach, once its content was inspected completely."""
    findings = findings_of(blob, row.name)
    check_findings(findings, rules_of(download.category))
    fields = {"display_label": row.label, "platform": row.platform, "architecture": row.architecture, **row.fields}
    return AttachmentSource(fields, row.name, blob, findings, row.upload, head=head_of(blob))


def check_digest(blob: Blob, row: ImportedFile) -> None:
    """Compare the stored bytes with the digest that the source states."""
    algorithm, _, expected = row.digest.partition(":")
    if not expected:
        return
    actual = (
        digest_of(blob_storage().open(blob.storage_key), "sha1") if algorithm == "sha1" else getattr(blob, algorithm)
    )
    if actual != expected:
        message = f"The {algorithm.upper()} of {row.name} is {actual}, but the source states {expected}."
        raise Rejected(ErrorCode.FILE_DIGEST_DIFFERS, message)


def _receive(
    lease: RunLease,
    source: ReleaseSource,
    actor: Actor,
    download: Download,
    row: ImportedFile,
    *,
    has_changed: bool = False,
) -> None:
    """Fetch the bytes of the file that are not stored yet.

    A file that has changed may change again with every request, so a part of it does not count as progress. Otherwise,
    the run would never end.
    """
    upload = row.upload
    start = received_prefix(upload) if upload is not None else 0
    if upload is not None and start == upload.size_bytes > 0:
        return
    with (
        nullcontext() if has_changed else _progress_noted(lease, row, start),
        source.open(_asset(row), start=start) as opened,
        _sized(opened, row, lease, download) as sized,
    ):
        if upload is None or _continues(upload, row, sized):
            upload = upload or _begin(actor, download, row, sized)
            is_resumable = _is_resumable(row) and not has_changed
            store_chunks(upload, _counted(lease, _from(start, sized), is_resumable=is_resumable), start=start)
            lease.renew(interruptions=0)
            return
    # The source has other bytes by now than those of which a part is stored, so the file is fetched from its beginning.
    drop_fetch(upload)
    row.upload = None
    _receive(lease, source, actor, download, row, has_changed=True)


@contextmanager
def _progress_noted(lease: RunLease, row: ImportedFile, start: int) -> Iterator[None]:
    """Note that the run gets on if the connection breaks after bytes that the next attempt does not fetch again."""
    try:
        yield
    except SourceUnavailable:
        if row.upload is not None and _is_resumable(row) and received_prefix(row.upload) > start:
            lease.renew(interruptions=0)
        raise


def _is_resumable(row: ImportedFile) -> bool:
    return bool(row.digest or row.etag)


def _begin(actor: Actor, download: Download, row: ImportedFile, opened: OpenedAsset) -> UploadSession:
    """Begin an upload for the file, and remember it, so that a later run continues it."""
    algorithm, _, digest = row.digest.partition(":")
    row.etag = opened.etag
    row.upload = begin_fetch(
        actor=actor,
        download=download,
        filename=row.name,
        size_bytes=opened.size_bytes or 0,
        sha256=digest if algorithm == "sha256" else "",
    )
    row.save(update_fields=["upload", "etag"])
    return row.upload


def _continues(upload: UploadSession, row: ImportedFile, opened: OpenedAsset) -> bool:
    """Return whether the source still has the bytes of which a part is stored.

    Without a digest that is compared at the end, only the ETag tells.
    """
    is_known = bool(row.digest) or (bool(row.etag) and row.etag == opened.etag)
    return is_known and upload.size_bytes == opened.size_bytes


@contextmanager
def _sized(opened: OpenedAsset, row: ImportedFile, lease: RunLease, download: Download) -> Iterator[OpenedAsset]:
    """Yield the bytes with their size. If the source states no size, they are written to a temporary file first."""
    size = opened.size_bytes if opened.size_bytes is not None else row.size_bytes
    if row.size_bytes is not None and size != row.size_bytes:
        raise SourceRefused(f"The file {row.name} has {size} bytes, but the source listed {row.size_bytes} bytes.")
    if size is not None:
        yield replace(opened, size_bytes=size)
        return
    limit = _limit_of_unknown(download)
    with tempfile.TemporaryFile() as handle:
        for chunk in opened.chunks:
            if handle.tell() + len(chunk) > limit:
                raise SourceRefused(
                    f"The source does not state the size of {row.name}, and it has more than {limit} bytes."
                )
            with disk_errors():
                ensure_free(Path(tempfile.gettempdir()), len(chunk))
                handle.write(chunk)
            lease.note_bytes(0)
        size = handle.tell()
        handle.seek(0)
        yield OpenedAsset(iter(lambda: handle.read(CHUNK_BYTES), b""), 0, size, opened.etag)


def _limit_of_unknown(download: Download) -> int:
    """Return how many bytes a file may have whose size is unknown: what the category and the quotas leave."""
    limits = (MAX_UNKNOWN_BYTES, rules_of(download.category).max_file_bytes, room_left(download))
    return min(limit for limit in limits if limit)


def _from(start: int, opened: OpenedAsset) -> Iterator[bytes]:
    """Yield the bytes from `start` on, even if the source has begun earlier."""
    skip = start - opened.start
    if skip < 0:
        raise SourceRefused("The source sends another part of the file than it was asked for.")
    for chunk in opened.chunks:
        yield chunk[skip:]
        skip = max(skip - len(chunk), 0)


def _counted(lease: RunLease, chunks: Iterable[bytes], *, is_resumable: bool) -> Iterator[bytes]:
    begun_at = time.monotonic()
    for chunk in chunks:
        yield chunk
        is_renewed = lease.note_bytes(len(chunk))
        if is_renewed and is_resumable and time.monotonic() - begun_at > TURN_SECONDS and is_full():
            raise TurnOver


def _asset(row: ImportedFile) -> SourceAsset:
    return SourceAsset(row.key, row.name, row.url, row.size_bytes, row.digest, row.label, sends_token=row.sends_token)
