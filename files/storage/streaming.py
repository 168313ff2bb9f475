"""Bytes on their way in through the app: streamed to storage and hashed as they come."""

from __future__ import annotations

from dataclasses import dataclass

from files.storage import Writer, blob_storage
from files.storage.digests import Digester, Digests
from releasehub.core.errors import ErrorCode, Rejected


@dataclass
class StagedUpload:
    """Bytes that arrived whole and lie in storage under `key`, belonging to nobody yet."""

    name: str
    key: str
    size_bytes: int
    digests: Digests
    head: bytes
    is_kept: bool = False

    def discard(self) -> None:
        """Remove the bytes unless a blob took them over; harmless to repeat."""
        if not self.is_kept:
            blob_storage().delete(self.key)
            self.is_kept = True


class Receiver:
    """Takes the chunks of one upload.  Errors: Rejected over `limit_bytes` (0: no limit), StorageFull and others."""

    def __init__(self, name: str, *, limit_bytes: int = 0) -> None:
        self.name = name
        self.limit_bytes = limit_bytes
        self.digester = Digester()
        self.writer: Writer = blob_storage().new_writer()

    def write(self, chunk: bytes) -> None:
        self.digester.update(chunk)
        if self.limit_bytes and self.digester.size_bytes > self.limit_bytes:
            limit = self.limit_bytes
            raise Rejected(
                ErrorCode.FILE_TOO_LARGE,
                f"The file is larger than {limit} bytes, which is all that the limits of this download leave.",
                field="file",
                limit=limit,
            )
        self.writer.write(chunk)

    def finish(self) -> StagedUpload:
        self.writer.finish()
        return StagedUpload(
            name=self.name,
            key=self.writer.key,
            size_bytes=self.digester.size_bytes,
            digests=self.digester.result(),
            head=self.digester.head,
        )

    def abort(self) -> None:
        self.writer.abort()
