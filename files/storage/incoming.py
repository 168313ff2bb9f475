"""Uploads that clients send directly to the storage, and the signed URLs for their parts."""

from dataclasses import dataclass

from releasehub.core.errors import ErrorCode, Rejected

INCOMING = "incoming/"


@dataclass(frozen=True)
class Incoming:
    """The place in the storage that receives the bytes of one upload from a client.

    Attributes:
        key: Storage key of the incoming object, or of the folder that holds its parts.
        multipart_id: Upload ID that S3 assigned to a multipart upload; empty for a single PUT.
        size_bytes: Exact size of the upload, or the maximum size if the upload is open-ended.
        part_bytes: Size of every part except the last one. 0 means a single PUT, which counts as part 1.
        is_open_ended: The upload is a single PUT whose length is not known in advance.
    """

    key: str
    multipart_id: str
    size_bytes: int
    part_bytes: int
    is_open_ended: bool = False

    @property
    def part_count(self) -> int:
        return -(-self.size_bytes // self.part_bytes) if self.part_bytes else 1

    def part_size(self, number: int) -> int:
        if not self.part_bytes:
            return self.size_bytes
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)

    def is_whole(self, number: int, size: int) -> bool:
        """Return True if a part of `size` bytes is complete."""
        expected_bytes = self.part_size(number)
        return size <= expected_bytes if self.is_open_ended else size == expected_bytes


@dataclass(frozen=True)
class SignedPut:
    """A signed URL that accepts exactly one part, sent with exactly these headers.

    A URL that is only a path belongs to this hub. An open-ended PUT always goes there, because S3 would accept a body
    of any length, whereas the hub stops reading at the limit. Its headers contain no length.
    """

    url: str
    headers: dict[str, str]


def parts_missing() -> Rejected:
    """Return the error for an upload whose parts cannot be assembled."""
    return Rejected(ErrorCode.FILE_INCOMPLETE, "Parts of this upload are missing or were changed. Begin a new upload.")
