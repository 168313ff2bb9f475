"""Readers of plain and compressed bytes that never hold more than a few chunks in memory.

The file objects of `gzip`, `bz2`, `lzma` and `zipfile` ignore data behind the end of a stream, and some of them
decompress a chunk however large it becomes. These readers use the same decompressors, and limit every step.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from files.inspection.archives.report import MIB, ArchiveError, Report

CHUNK_BYTES = 128 * 1024
_MAX_XZ_MEMORY_BYTES = 100 * MIB
_LZMA_MEMORY_ERROR = "Memory usage limit exceeded"  # the standard library has no exception of its own for this
# Starting a decompressor is expensive, so an archive of very many tiny streams would take hours to read. Legitimate
# tools start a new stream for a file or a block at most.
_FREE_STREAMS = 10_000
_BYTES_PER_STREAM = 512


class Inflater:
    """A zlib decompressor with the interface of the others. `wbits` is 31 for gzip and -15 for raw deflate."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.eof, self.needs_input, self.unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self._zlib.unconsumed_tail and len(out) < max_length
        self.eof, self.unused_data = self._zlib.eof, self._zlib.unused_data
        return out


Decompressor = Inflater | bz2.BZ2Decompressor | lzma.LZMADecompressor
COMPRESSIONS: dict[str, tuple[bytes, Callable[[], Decompressor]]] = {
    "gz": (b"\x1f\x8b\x08", lambda: Inflater(31)),
    "bz2": (b"BZh", bz2.BZ2Decompressor),
    "xz": (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_XZ_MEMORY_BYTES)),
}


def decompress(decompressor: Decompressor, data: bytes) -> bytes:
    """Decompress data and return at most one chunk."""
    try:
        return decompressor.decompress(data, CHUNK_BYTES)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if str(error) == _LZMA_MEMORY_ERROR:
            limit = _MAX_XZ_MEMORY_BYTES // MIB
            message = f"The archive needs more than {limit} MiB of memory to decompress, so it cannot be checked."
            raise ArchiveError("archive.memory", message) from error
        raise ArchiveError("archive.unreadable", f"The compressed content is damaged: {error}.") from error


def read_at(handle: IO[bytes], offset: int, size: int) -> bytes:
    """Return `size` bytes that begin at `offset`, or fail if the file ends before."""
    handle.seek(offset)
    if len(data := read_up_to(handle, size)) < size:
        raise ArchiveError("archive.truncated", "The file ends too early. Upload the whole file.")
    return data


def read_up_to(handle: IO[bytes], size: int) -> bytes:
    """Return the next `size` bytes, or fewer at the end of the file. A short read before the end is continued."""
    pieces: list[bytes] = []
    while size > 0 and (piece := handle.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class TarStream:
    """The bytes of a tar archive, read forward only: a plain file, or one or several compressed streams in a row.

    The sizes are checked after every chunk, so that a decompression bomb is stopped before it is unpacked.
    """

    def __init__(self, handle: IO[bytes], compression: str, report: Report) -> None:
        self._handle = handle
        self._report = report
        self._size = handle.seek(0, os.SEEK_END)
        self._packed_bytes = self._unpacked_bytes = 0
        self._is_plain = not compression
        self._chunks = iter(lambda: handle.read(CHUNK_BYTES), b"")
        if compression:
            self._chunks = self._decompress(*COMPRESSIONS[compression])
        self._ready = memoryview(b"")
        handle.seek(0)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the stream."""
        pieces: list[memoryview] = []
        while size > 0 and (self._ready or self._fill()):
            pieces.append(self._ready[:size])
            self._ready = self._ready[size:]
            size -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Skip the next `size` bytes, or fail if the stream ends before. A plain file is not read for that."""
        while size > len(self._ready):
            size -= len(self._ready)
            self._ready = memoryview(b"")
            if self._is_plain and size <= self._size - self._handle.tell():
                self._handle.seek(size, os.SEEK_CUR)
                return
            if self._is_plain or not self._fill():
                raise ArchiveError("archive.truncated", "The archive ends within a member. Upload the whole file.")
        self._ready = self._ready[size:]

    def _fill(self) -> bool:
        self._ready = memoryview(next(self._chunks, b""))
        return bool(self._ready)

    def _decompress(self, magic: bytes, start: Callable[[], Decompressor]) -> Iterator[bytes]:
        streams, packed = 0, b""
        while streams == 0 or (packed := self._next_stream(magic, packed)):
            streams += 1
            if streams > _FREE_STREAMS + self._unpacked_bytes // _BYTES_PER_STREAM:
                raise ArchiveError("archive.bomb", "The archive consists of too many tiny compressed streams.")
            decompressor = start()
            while not decompressor.eof:
                if decompressor.needs_input and not packed and not (packed := self._read_packed()):
                    raise ArchiveError("archive.truncated", "The compressed content ends too early.")
                data, packed = (packed, b"") if decompressor.needs_input else (b"", packed)
                chunk = decompress(decompressor, data)
                self._unpacked_bytes += len(chunk)
                self._report.check_sizes(self._unpacked_bytes, self._packed_bytes)
                if chunk:
                    yield chunk
            packed = decompressor.unused_data

    def _next_stream(self, magic: bytes, packed: bytes) -> bytes:
        """Return the beginning of the next compressed stream, or nothing if only padding of zeros follows."""
        while not (packed := packed.lstrip(b"\0")):
            if not (packed := self._read_packed()):
                return b""
        if len(packed) < len(magic):
            packed += read_up_to(self._handle, len(magic) - len(packed))
        if not packed.startswith(magic):
            raise ArchiveError("archive.trailing_data", "Other data follows the compressed content.")
        return packed

    def _read_packed(self) -> bytes:
        data = self._handle.read(CHUNK_BYTES)
        self._packed_bytes += len(data)
        return data
