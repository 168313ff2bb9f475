"""The interface that every storage implements, and the values it exchanges with its callers.

Storage keys are generated here. They never contain anything a client sent, so a client cannot choose a path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from files.storage.incoming import Incoming, SignedPut
from releasehub.core.models import new_public_id

BLOBS = "blobs/"
STAGING = "staging/"


class Writer(Protocol):
    """A writer for the bytes of one new object.

    The object exists only after `finish`. After `abort` nothing remains in the storage.
    """

    key: str

    def write(self, chunk: bytes) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


@dataclass(frozen=True)
class StoredObject:
    """An object in the storage, as a listing reports it."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class OpenMultipart:
    """A multipart upload that was neither completed nor aborted, so the storage may still hold parts of it."""

    key: str
    multipart_id: str
    started_at: datetime


class BlobStorage(Protocol):
    """A place that stores the bytes of files.

    Clients never write to objects under `blobs/`. Everything that clients send directly arrives under `incoming/`, and
    `collect` moves or copies it to `blobs/`.
    """

    @property
    def upload_origin(self) -> str:
        """The origin to which browsers send parts, such as https://s3.example.com; empty if it is the hub itself."""

    def new_writer(self, key: str = "") -> Writer:
        """Return a writer for an object under this key, or under a new random key."""

    def open(self, key: str, start: int = 0) -> IO[bytes]:
        """Open the object for reading, beginning at byte `start`.

        Raises:
            StorageUnavailable: The storage does not respond, or the object does not exist.
        """

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if the object does not exist."""

    def delete(self, key: str) -> None:
        """Delete the object. Deleting an object that does not exist is not an error."""

    def signed_url(self, key: str, *, filename: str, content_type: str, seconds: int) -> str | None:
        """Return a URL that serves the bytes as an attachment and expires after `seconds`.

        Return None if the hub has to serve the bytes itself.
        """

    def withdraw_urls(self, key: str) -> str | None:
        """Copy the object to a new key, so that signed URLs end as soon as the caller has deleted the old object.

        Return the new key, or None if the storage signs no URLs.

        Raises:
            StorageUnavailable: The storage does not respond, or the object does not exist.
        """

    def is_reachable(self) -> bool: ...

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming: ...
    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        """Return a signed URL for one part.

        Args:
            number: Number of the part, starting at 1.
            sha256: Digest of a single PUT in hex, or an empty string. It becomes part of the signature.
            md5: Digest of a part in hex, or an empty string. It becomes part of the signature.
        """

    def receive_part(
        self, key: str, number: int, stream: IO[bytes], size: int, *, sha256: str, md5: str, is_limit: bool = False
    ) -> None:
        """Store a part that a client sent to a signed URL of the hub. The part is stored completely or not at all.

        Args:
            number: Number of the part, starting at 1.
            stream: The body. At most one byte more than `size` is read.
            size: The number of bytes that the part has.
            sha256: The expected digest in hex, or an empty string.
            md5: The same for MD5.
            is_limit: Whether the stream may end before `size` bytes.

        Raises:
            Invalid: The body ends early or is too long, or its digests differ from the signed ones.
            StorageFull: The storage has no space for the part.
            StorageUnavailable: The storage does not respond.
        """

    def write_part(self, incoming: Incoming, number: int, body: bytes) -> None:
        """Store a part that the hub itself has received. An interrupted call leaves no part.

        Raises:
            StorageFull: The storage has no space for the part.
            StorageUnavailable: The storage does not respond.
        """

    def received_parts(self, incoming: Incoming) -> dict[int, int]:
        """Return the sizes in bytes of the parts that arrived completely, by part number."""

    def collect(self, incoming: Incoming, key: str) -> None:
        """Assemble the parts into one object under `key`, which no client can write to.

        The object is created completely or not at all.

        Raises:
            Rejected: Parts are missing or were changed.
            StorageFull: The storage has no space for the object.
            StorageUnavailable: The storage does not respond.
        """

    def drop_incoming(self, incoming: Incoming) -> None:
        """Delete all parts. Deleting parts that do not exist is not an error."""

    def objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Yield the objects under the prefix in the order of their keys, from the first key after `after` on."""

    def open_multiparts(self, prefix: str) -> Iterator[OpenMultipart]: ...
    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Remove the parts of a multipart upload. An object under the same key stays."""


def new_key(prefix: str = BLOBS) -> str:
    """Return a new random key under `prefix`.

    Two characters of the random name become a folder, so that no single folder (or S3 prefix) grows too large.
    """
    name = new_public_id()
    # The first character of a public ID is always a letter. The next two are base 36, which makes 1296 folders.
    return f"{prefix}{name[1:3]}/{name}"
