"""What every storage can do. Keys are made here and never hold anything a client sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from releasehub.core.errors import ErrorCode, Rejected
from releasehub.core.models import new_public_id

BLOBS = "blobs/"
INCOMING = "incoming/"


class Writer(Protocol):
    """Takes the bytes of one new object. It is an object only after `finish`; `abort` leaves nothing behind."""

    key: str

    def write(self, chunk: bytes) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


@dataclass(frozen=True)
class Incoming:
    """Where a client puts the bytes of one upload. `part_bytes` 0: one PUT, which counts as part 1.

    `is_open_ended`: one PUT whose length nobody knows yet; `size_bytes` is the most it may have.
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
        """Whether a part of that many bytes is the one that was asked for."""
        wanted = self.part_size(number)
        return size <= wanted if self.is_open_ended else size == wanted


@dataclass(frozen=True)
class SignedPut:
    """An address that takes exactly one part, sent with exactly these headers. A path is one of this hub.

    Of an open-ended PUT the headers name no length; S3 takes whatever comes, the hub itself keeps to the limit.
    """

    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class StoredObject:
    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class OpenMultipart:
    """A multipart upload that the storage holds parts of."""

    key: str
    multipart_id: str
    started_at: datetime


class BlobStorage(Protocol):
    """Objects under `blobs/` are never written by clients; what clients send arrives under `incoming/`."""

    def new_writer(self) -> Writer: ...
    def open(self, key: str, start: int = 0) -> IO[bytes]:
        """The bytes from `start` on; of a missing object: StorageUnavailable."""

    def size(self, key: str) -> int | None:
        """None: there is no such object."""

    def delete(self, key: str) -> None:
        """Harmless when it is gone already."""

    def signed_url(self, key: str, *, filename: str, content_type: str, seconds: int) -> str | None:
        """A URL that brings the bytes as an attachment for `seconds`; None where the hub serves them itself."""

    def is_reachable(self) -> bool: ...

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming: ...
    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        """`sha256` (of one PUT) and `md5` (of a part), hex or empty, become part of the signature."""

    def received_parts(self, incoming: Incoming) -> dict[int, int]:
        """Part number -> bytes, of the parts that arrived whole."""

    def collect(self, incoming: Incoming, key: str) -> None:
        """Bring the parts together under `key`, which no client can write to: whole, or not at all.

        Errors: Rejected when parts are missing or were changed; StorageFull, StorageUnavailable.
        """

    def drop_incoming(self, incoming: Incoming) -> None:
        """Forget all parts; harmless when they are gone already."""

    def objects(self, prefix: str) -> Iterator[StoredObject]: ...
    def open_multiparts(self) -> Iterator[OpenMultipart]: ...


def new_key(prefix: str = BLOBS) -> str:
    """Spread over many folders or prefixes by two characters of the random name."""
    name = new_public_id()
    return f"{prefix}{name[1:3]}/{name}"


def parts_missing() -> Rejected:
    return Rejected(ErrorCode.FILE_INCOMPLETE, "Parts of this upload are missing or were changed. Begin again.")
