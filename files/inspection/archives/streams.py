"""Readers for plain and compressed files that never hold more than a few chunks in memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Protocol

from files.inspection.archives.findings import ArchiveError, Report

CHUNK_BYTES = 128 * 1024
XZ_MEMORY_BYTES = 100 * 1024 * 1024
# Starting a decompressor is expensive, so an archive of very many tiny streams would take hours to read. Legitimate
# tools start a new stream for a file or a block at most.
_FREE_STREAMS = 10_000
_BYTES_A_STREAM = 512


class Unpacker(Protocol):
    """The interface of the decompressors of `bz2` and `lzma`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflater:
    """A zlib decompressor with the interface of the decompressors of `bz2` and `lzma`.

    Args:
        wbits: The format, as in zlib: 31 for gzip, -15 for a raw deflate stream.
    """

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self._zlib.unconsumed_tail and len(out) < max_length
        return out


def unpack(unpacker: Unpacker, data: bytes) -> bytes:
    """Decompress data and return at most one chunk.

    Raises:
        ArchiveError: The compressed data is damaged.
    """
    try:
        return unpacker.decompress(data, CHUNK_BYTES)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise ArchiveError("archive.unreadable", f"Its packed content is damaged: {error}.") from error


def read_at(handle: IO[bytes], offset: int, size: int) -> bytes:
    """Return `size` bytes that begin at `offset`.

    Raises:
        ArchiveError: The file ends before.
    """
    handle.seek(offset)
    return read_exactly(handle, size)


def read_exactly(handle: IO[bytes], size: int) -> bytes:
    """Return the next `size` bytes.

    Raises:
        ArchiveError: The file ends before.
    """
    data = read_up_to(handle, size)
    if len(data) < size:
        raise ArchiveError("archive.truncated", "It ends too early.")
    return data


def read_up_to(handle: IO[bytes], size: int) -> bytes:
    """Return the next `size` bytes, or fewer at the end of the file. A short read before the end is continued."""
    pieces: list[bytes] = []
    while size > 0 and (piece := handle.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class Source(Protocol):
    """A stream of the bytes of a tar archive, which can only be read forward."""

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the stream."""

    def skip(self, size: int) -> None:
        """Skip the next `size` bytes.

        Raises:
            ArchiveError: The stream ends before.
        """


class PlainSource:
    """An uncompressed archive. Skipping is a seek and reads nothing."""

    def __init__(self, handle: IO[bytes], size: int) -> None:
        self._handle = handle
        self._size = size
        self._at = 0
        handle.seek(0)

    def read(self, size: int) -> bytes:
        data = read_up_to(self._handle, size)
        self._at += len(data)
        return data

    def skip(self, size: int) -> None:
        if size > self._size - self._at:
            raise ArchiveError("archive.truncated", "It ends too early.")
        self._at += size
        self._handle.seek(self._at)


class PackedSource:
    """A compressed archive: one or several compressed streams, one after the other.

    The sizes are checked after every chunk, so that a decompression bomb is stopped before it is unpacked.
    """

    def __init__(self, handle: IO[bytes], packing: str, report: Report) -> None:
        self.unpacked_bytes = 0
        self.packed_bytes = 0
        self._handle = handle
        self._magic, self._open = PACKINGS[packing]
        self._unpacker = self._open()
        self._streams = 1
        self._report = report
        self._pending = b""
        self._ready = memoryview(b"")
        handle.seek(0)

    def read(self, size: int) -> bytes:
        pieces: list[memoryview] = []
        while size > 0 and (self._ready or self._fill()):
            pieces.append(self._ready[:size])
            self._ready = self._ready[size:]
            size -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        while size > 0:
            if not self._ready and not self._fill():
                raise ArchiveError("archive.truncated", "It ends too early.")
            step = min(size, len(self._ready))
            self._ready = self._ready[step:]
            size -= step

    def _fill(self) -> bool:
        """Unpack one chunk. Return False at the end of the archive."""
        while not self._ready:
            if self._unpacker.eof and not self._start_next_stream():
                return False
            data = self._next_packed() if self._unpacker.needs_input else b""
            if self._unpacker.needs_input and not data:
                raise ArchiveError("archive.truncated", "Its packed content ends too early.")
            self._ready = memoryview(unpack(self._unpacker, data))
            self.unpacked_bytes += len(self._ready)
            self._report.check_sizes(self.unpacked_bytes, self.packed_bytes)
        return True

    def _next_packed(self) -> bytes:
        data, self._pending = self._pending, b""
        if not data:
            data = self._handle.read(CHUNK_BYTES)
            self.packed_bytes += len(data)
        return data

    def _start_next_stream(self) -> bool:
        """Start the next compressed stream. Return False if only padding of zeros follows.

        Raises:
            ArchiveError: The data that follows is neither a stream of the same format nor padding.
        """
        self._pending = self._unpacker.unused_data
        while not (rest := self._pending.lstrip(b"\0")):
            self._pending = b""
            if not (data := self._next_packed()):
                return False
            self._pending = data
        if len(rest) < len(self._magic):
            rest += read_up_to(self._handle, len(self._magic) - len(rest))
        if not rest.startswith(self._magic):
            raise ArchiveError("archive.trailing_data", "It has other data after its packed content.")
        self._pending = rest
        self._unpacker = self._open()
        self._streams += 1
        if self._streams > _FREE_STREAMS + self.unpacked_bytes // _BYTES_A_STREAM:
            raise ArchiveError("archive.bomb", "It is made of too many tiny packed streams.")
        return True


PACKINGS: dict[str, tuple[bytes, Callable[[], Unpacker]]] = {
    "gz": (b"\x1f\x8b\x08", lambda: Inflater(31)),
    "bz2": (b"BZh", bz2.BZ2Decompressor),
    "xz": (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES)),
}
