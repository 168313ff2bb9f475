"""Inspection of stored bytes: archives are checked member by member, then the operator's virus scanner is asked."""

import io
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any, cast

from django.conf import settings

from files.inspection.archives import DEFAULT_LIMITS, ArchiveLimits, inspect_archive
from files.inspection.findings import Finding, is_rejected
from files.inspection.scanner import scan
from files.models import Blob
from files.storage import blob_storage
from files.storage.digests import HEAD_BYTES

CHUNK_BYTES = 1024 * 1024


def findings_of(blob: Blob, filename: str, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[Finding]:
    """Return what is wrong with these bytes under that file name: reasons to refuse them, and warnings.

    The virus scanner is asked unless the archive checks have already found a reason to refuse the file.

    Raises:
        StorageUnavailable: The bytes cannot be read.
        ScannerUnavailable: A scanner is configured, but gave no result.
        TooManySteps: The inspection of the archive takes more steps than `limits.max_steps` allows.
    """
    with open_seekable(blob.storage_key, blob.size_bytes) as handle:
        findings = inspect_archive(handle, filename, limits)
    if is_rejected(findings) or not settings.SCANNER_ADDRESS:
        return findings
    if name := scan(_chunks(blob), address=settings.SCANNER_ADDRESS):
        virus = Finding("scanner.found", f"The malware scanner found {name} in this file. Upload a clean file.")
        return [virus, *findings]
    return findings


def head_of(blob: Blob) -> bytes:
    """Return the first bytes, which tell the type of the content.

    Call it outside a transaction, because the storage may take long to respond.
    """
    with closing(blob_storage().open(blob.storage_key)) as handle:
        return handle.read(HEAD_BYTES)


def open_seekable(key: str, size: int) -> IO[bytes]:
    """Open a stored object as a seekable file, even if the storage can only stream."""
    # The large buffer serves the many small reads and short jumps of the archive checks without a new request.
    return cast("IO[bytes]", io.BufferedReader(StoredBytes(key, size), CHUNK_BYTES))


class StoredBytes(io.RawIOBase):
    """A raw file over a stored object. After a seek it opens a new stream at the new position.

    The stream is opened at the next read, not at the seek, so several seeks in a row cost one request at most.
    """

    def __init__(self, key: str, size: int) -> None:
        self.key, self.size = key, size
        self.position = 0
        self.stream: IO[bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        target = max(0, base + offset)
        if target != self.position:
            self._drop()
            self.position = target
        return self.position

    def readinto(self, buffer: Any) -> int:
        if self.position >= self.size:
            return 0
        if self.stream is None:
            self.stream = blob_storage().open(self.key, self.position)
        chunk = self.stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None


def _chunks(blob: Blob) -> Iterator[bytes]:
    with closing(blob_storage().open(blob.storage_key)) as handle:
        while chunk := handle.read(CHUNK_BYTES):
            yield chunk
