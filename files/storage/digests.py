"""Digests of files, computed while the bytes are streamed, so that no file has to be read a second time."""

import base64
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from typing import IO

NAMES = ("sha256", "sha512", "md5")
# Processors have instructions for SHA-256. The other two take five times as long together.
SLOW_NAMES = ("sha512", "md5")
SHARED_CHUNK_BYTES = 64 * 1024  # a smaller chunk is computed in less time than another thread takes to begin
HEAD_BYTES = 8192
CHUNK_BYTES = 1024 * 1024
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # length in hex -> name
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Digests:
    """The digests that the hub stores for a file, in lower-case hex."""

    sha256: str
    sha512: str
    md5: str


class Digester:
    """A hasher that receives every chunk of a file, and keeps the first bytes in `head` to detect the file type.

    The slow digests of a chunk are computed in another thread while the caller stores it and receives the next one, so
    that a large upload uses two cores (docs/performance.md). `hashlib` releases the GIL meanwhile.
    """

    def __init__(self) -> None:
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in NAMES}
        self._slow_part: Future[None] | None = None
        self.size_bytes = 0
        self.head = b""

    def update(self, chunk: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]
        self.size_bytes += len(chunk)
        self._wait()  # each digest needs its chunks one after the other, and only one chunk waits in memory
        if len(chunk) < SHARED_CHUNK_BYTES:
            self._add(NAMES, chunk)
            return
        self._slow_part = _hash_threads(os.getpid()).submit(self._add, SLOW_NAMES, chunk)
        self._add(("sha256",), chunk)

    def result(self) -> Digests:
        self._wait()
        return Digests(**{name: digest.hexdigest() for name, digest in self._hashes.items()})

    def _add(self, names: Iterable[str], chunk: bytes) -> None:
        for name in names:
            self._hashes[name].update(chunk)

    def _wait(self) -> None:
        """Wait for the other thread, and raise the error that it met."""
        if self._slow_part is not None:
            self._slow_part.result()
            self._slow_part = None


@cache
def _hash_threads(pid: int) -> ThreadPoolExecutor:
    """Return the threads that compute digests in the process with this id, because a fork does not inherit threads."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="digests")


def digest_of(source: IO[bytes], algorithm: str = "sha256") -> str:
    """Read a file to its end in chunks, close it, and return its digest in hex."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with closing(source):
        for chunk in iter(partial(source.read, CHUNK_BYTES), b""):
            digest.update(chunk)
    return digest.hexdigest()


def algorithm_of(checksum: str) -> str | None:
    """Return the name of the algorithm of a checksum in lower-case hex; None for any other text."""
    return ALGORITHMS.get(len(checksum)) if _HEX.issuperset(checksum) else None


class DeclaredChecksums:
    """Checksums that a client or an upstream server declared, compared with the bytes while they are streamed.

    Args:
        checksums: The declared checksums in hex, with or without the name of the algorithm before a colon.
            Strings that are not checksums are ignored.
    """

    def __init__(self, checksums: Iterable[str]) -> None:
        texts = {text.strip().lower().rpartition(":")[2] for text in checksums}
        self._expected = {text: name for text in texts if (name := algorithm_of(text)) is not None}
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in self._expected.values()}

    def __bool__(self) -> bool:
        return bool(self._expected)

    def update(self, chunk: bytes) -> None:
        for digest in self._hashes.values():
            digest.update(chunk)

    def differing(self) -> list[tuple[str, str, str]]:
        """Return (algorithm, declared, actual) for every declared digest that differs from the digest of the bytes."""
        actual = {name: digest.hexdigest() for name, digest in self._hashes.items()}
        return [(name, text, actual[name]) for text, name in self._expected.items() if actual[name] != text]


def hex_to_base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
