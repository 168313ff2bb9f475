"""Compressed lines in a vault, for parts of any length."""

import zlib
from collections.abc import Iterable, Iterator

from releasehub.operations.errors import OperationError
from releasehub.operations.vault.vault import Vault

_GZIP = 31  # this window size selects the format of gzip
_LEVEL = 3  # takes a third of the time of the default level, for a tenth more bytes


def write_lines(vault: Vault, name: str, lines: Iterable[bytes]) -> int:
    """Store the lines, and return the number of bytes that they take."""
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    with vault.writing(name) as writer:
        for line in lines:
            if packed := packer.compress(line + b"\n"):
                writer.write(packed)
        writer.write(packer.flush())
    return writer.size_bytes


def read_lines(vault: Vault, name: str) -> Iterator[bytes]:
    """Yield the lines without their ends.

    Raises:
        OperationError: The part is missing or damaged.
    """
    unpacker = zlib.decompressobj(wbits=_GZIP)
    rest = b""
    for chunk in vault.chunks(name):
        try:
            *lines, rest = (rest + unpacker.decompress(chunk)).split(b"\n")
        except zlib.error:
            raise OperationError(f"{name} is damaged: it cannot be unpacked. Use another backup.") from None
        yield from lines
    if not unpacker.eof or rest:
        raise OperationError(f"{name} is damaged: its end is missing. Use another backup.")
