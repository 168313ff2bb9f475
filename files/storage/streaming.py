"""Uploads that pass through the application: they are streamed to the storage and hashed on the way."""

from dataclasses import dataclass

from files.storage import Writer, blob_storage
from files.storage.digests import Digester, Digests
from releasehub.core.errors import ErrorCode, Rejected


@dataclass
class StagedUpload:
    """An upload that arrived completely and is stored under `key`, but does not belong to a blob yet."""

    name: str
    key: str
    size_bytes: int
    digests: Digests
    head: bytes
    is_kept: bool = False

    def discard(self) -> None:
        """Delete the bytes unless a blob took them over. It is safe to call this more than once."""
        if not self.is_kept:
            blob_storage().delete(self.key)
            self.is_kept = True


class Receiver:
    """A receiver for the chunks of one upload.

    Args:
        limit_bytes: Maximum size of the upload; 0 means no limit.

    Raises:
        Rejected: The upload is larger than `limit_bytes`.
        StorageFull: The storage has no space for the upload.
        StorageUnavailable: The storage cannot be written.
    """

    def __init__(self, name: str, *, limit_bytes: int = 0) -> None:
        self.name = name
        self.limit_bytes = limit_bytes
        self.digester = Digester()
        self.writer: Writer = blob_storage().new_writer()

    def write(self, chunk: bytes) -> None:
        # The digester also counts the bytes. The limit is checked before the chunk reaches the storage.
        self.digester.update(chunk)
        if self.limit_bytes and self.digester.size_bytes > self.limit_bytes:
            limit = self.limit_bytes
            raise Rejected(
                ErrorCode.FILE_TOO_LARGE,
                f"The file is larger than {limit} bytes, which is the space that the limits of this "
                "download leave. Choose a smaller file.",
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
