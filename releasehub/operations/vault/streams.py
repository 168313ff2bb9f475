"""Encryption of streams in chunks, so that an object of any size needs one chunk of memory.

Each object has a key of its own, derived from the key of the vault, a random salt and the name of the object. A chunk
is AES-256-GCM; its nonce is its number and whether it is the last one. So no chunk can be changed, moved, repeated or
removed, no object can be cut off, and none can take the place of another.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from files.storage import Writer
from releasehub.operations.errors import OperationError

MAGIC = b"RHB1"
SALT_BYTES = 16
TAG_BYTES = 16
CHUNK_BYTES = 1024 * 1024
HEADER_BYTES = len(MAGIC) + SALT_BYTES


def derive_key(key: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """Return a key of 32 bytes for one purpose."""
    return HKDF(SHA256(), 32, salt or None, f"releasehub.backup.{purpose}".encode()).derive(key)


def encrypted_size(size_bytes: int) -> int:
    """Return the size of the object that holds so many bytes."""
    chunks = max(1, -(-size_bytes // CHUNK_BYTES))
    return HEADER_BYTES + size_bytes + chunks * TAG_BYTES


class EncryptingWriter:
    """A writer that encrypts what it passes on to the writer of a place."""

    def __init__(self, writer: Writer, key: bytes, name: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self.size_bytes = 0
        self._writer, self._buffer, self._number = writer, bytearray(), 0
        self._cipher = AESGCM(derive_key(key, f"object.{name}", salt))
        writer.write(MAGIC + salt)

    def write(self, chunk: bytes) -> None:
        self._buffer += chunk
        self.size_bytes += len(chunk)
        while len(self._buffer) > CHUNK_BYTES:  # not the last chunk, which `finish` marks as such
            self._send(CHUNK_BYTES, is_last=False)

    def finish(self) -> None:
        self._send(len(self._buffer), is_last=True)
        self._writer.finish()

    def abort(self) -> None:
        self._writer.abort()

    def _send(self, size: int, *, is_last: bool) -> None:
        with memoryview(self._buffer) as view:
            self._writer.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), view[:size], None))
        del self._buffer[:size]
        self._number += 1


def decrypted_chunks(handle: IO[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Yield the content of an object, and close the handle.

    Raises:
        OperationError: The object was damaged, or is not the one that was stored under this name.
    """
    with closing(handle):
        header = _read(handle, HEADER_BYTES)
        if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
            raise _damaged(name)
        cipher = AESGCM(derive_key(key, f"object.{name}", header[len(MAGIC) :]))
        chunk, number = _read(handle, CHUNK_BYTES + TAG_BYTES), 0
        while True:
            following = _read(handle, CHUNK_BYTES + TAG_BYTES)
            try:
                yield cipher.decrypt(_nonce(number, is_last=not following), chunk, None)
            except (InvalidTag, ValueError):
                raise _damaged(name) from None
            if not following:
                return
            chunk, number = following, number + 1


def _read(handle: IO[bytes], size: int) -> bytes:
    """Read so many bytes, or all that are left. One read of a network stream may return fewer."""
    parts = []
    while size and (part := handle.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _damaged(name: str) -> OperationError:
    return OperationError(f"{name} is damaged: its content does not match its checksum. Use another backup.")
