"""Readers of compressed bytes that never hold more than a few chunks in memory.

The file objects of `gzip`, `bz2`, `lzma` and `zipfile` ignore data behind the end of a stream, and some of them
decompress a chunk however large it becomes. These readers use the same decompressors, and limit every step.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import IO, Any, cast

from files.inspection.archives.report import MIB, ArchiveError, ArchiveReport

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


def read_at(handle: IO[bytes], offset: int, size: int) -> bytes:
    """Return `size` bytes that begin at `offset`, or fail if the file ends before."""
    handle.seek(offset)
    if len(data := handle.read(size)) < size:
        raise ArchiveError("archive.truncated", "The file ends too early. Upload the whole file.")
    return data


def decompress(decompressor: Decompressor, packed: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content chunk by chunk until the compressed stream ends (`eof`), or the packed bytes end."""
    while not decompressor.eof:
        data = next(packed, b"") if decompressor.needs_input else b""
        if decompressor.needs_input and not data:
            return
        if chunk := _decompress_chunk(decompressor, data):
            yield chunk


def _decompress_chunk(decompressor: Decompressor, data: bytes) -> bytes:
    try:
        return decompressor.decompress(data, CHUNK_BYTES)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if str(error) == _LZMA_MEMORY_ERROR:
            limit = _MAX_XZ_MEMORY_BYTES // MIB
            message = f"The archive needs more than {limit} MiB of memory to decompress, so it cannot be checked."
            raise ArchiveError("archive.memory", message) from error
        raise ArchiveError("archive.unreadable", f"The compressed content is damaged: {error}.") from error


def open_tar(handle: IO[bytes], compression: str, report: ArchiveReport) -> IO[bytes]:
    """Return the bytes of a tar archive as a file, which is seekable only if the archive is not compressed."""
    handle.seek(0)
    if not compression:
        return handle
    return cast("IO[bytes]", io.BufferedReader(_CompressedStreams(handle, compression, report), CHUNK_BYTES))


class _CompressedStreams(io.RawIOBase):
    """The content of one or several compressed streams in a row.

    The sizes are checked after every chunk, so that a decompression bomb is stopped before it is unpacked.
    """

    def __init__(self, handle: IO[bytes], compression: str, report: ArchiveReport) -> None:
        self._handle, self._report = handle, report
        self._magic, self._start = COMPRESSIONS[compression]
        self._packed_bytes = self._unpacked_bytes = 0
        self._next_packed = b""  # bytes that were read with the last stream, but begin the next one
        self._chunks = self._decompress()
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._chunk = self._chunk or memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._chunk))
        buffer[:size], self._chunk = self._chunk[:size], self._chunk[size:]
        return size

    def _decompress(self) -> Iterator[bytes]:
        for streams in count(1):
            if streams > _FREE_STREAMS + self._unpacked_bytes // _BYTES_PER_STREAM:
                raise ArchiveError("archive.bomb", "The archive consists of too many tiny compressed streams.")
            decompressor = self._start()
            for chunk in decompress(decompressor, iter(self._read_packed, b"")):
                self._unpacked_bytes += len(chunk)
                self._report.check_sizes(self._unpacked_bytes, self._packed_bytes)
                yield chunk
            if not decompressor.eof:
                raise ArchiveError("archive.truncated", "The compressed content ends too early.")
            if not self._find_next_stream(decompressor.unused_data):
                return

    def _find_next_stream(self, packed: bytes) -> bool:
        """Return whether another compressed stream follows, rather than only padding of zeros."""
        while not (packed := packed.lstrip(b"\0")):
            if not (packed := self._read_packed()):
                return False
        if len(packed) < len(self._magic):
            packed += self._read_packed()
        if not packed.startswith(self._magic):
            raise ArchiveError("archive.trailing_data", "Other data follows the compressed content.")
        self._next_packed = packed
        return True

    def _read_packed(self) -> bytes:
        if self._next_packed:
            data, self._next_packed = self._next_packed, b""
            return data
        data = self._handle.read(CHUNK_BYTES)
        self._packed_bytes += len(data)
        return data
