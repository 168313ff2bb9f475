"""All digests the hub keeps of a file, made while its bytes stream by."""

import hashlib
from dataclasses import dataclass

NAMES = ("sha256", "sha512", "md5")
HEAD_BYTES = 8192


@dataclass(frozen=True)
class Digests:
    """Lower-case hex."""

    sha256: str
    sha512: str
    md5: str


class Digester:
    """Feed it every chunk; `head` keeps the first bytes for telling the type."""

    def __init__(self) -> None:
        self._hashes = [hashlib.new(name, usedforsecurity=False) for name in NAMES]
        self.size_bytes = 0
        self.head = b""

    def update(self, chunk: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]
        self.size_bytes += len(chunk)
        for digest in self._hashes:
            digest.update(chunk)

    def result(self) -> Digests:
        return Digests(*(digest.hexdigest() for digest in self._hashes))
