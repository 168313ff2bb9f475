"""The content of zip members, decompressed chunk by chunk.

`ZipFile.open` stops at the declared size of a member, so it hides what the member contains beyond it, and decompresses
bzip2 and LZMA without a limit. So the content is read here, with the decompressors of the standard library.
"""

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from files.inspection.archives.decompression import CHUNK_BYTES, Decompressor, Inflater, decompress
from files.inspection.archives.report import MIB, ArchiveError, ArchiveReport

READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_MAX_DICTIONARY_BYTES = 64 * MIB
_LZMA_HEADER_BYTES = 9


def check_content(handle: IO[bytes], info: zipfile.ZipInfo, start: int, name: str, report: ArchiveReport) -> bytes:
    """Check the size and the checksum of the content, and return the first chunk of it."""
    if not info.compress_size and not info.file_size:
        return b""
    handle.seek(start)
    head, size, crc = b"", 0, 0
    for data in _chunks(handle, info, name, report):
        head = head or data
        size += len(data)
        crc = zlib.crc32(data, crc)
        # Stop at the first byte too many: the declared sizes were checked against the limits, this one was not.
        if size > info.file_size:
            break
    if size != info.file_size:
        report.add("archive.conflict", "Archive member {} decompresses to another size than it declares.", name)
    elif crc != info.CRC:
        report.add("archive.unreadable", "Archive member {} is damaged: its checksum is wrong.", name)
    return head


def _chunks(handle: IO[bytes], info: zipfile.ZipInfo, name: str, report: ArchiveReport) -> Iterator[bytes]:
    packed, method = _packed_chunks(handle, info.compress_size), info.compress_type
    if method == zipfile.ZIP_STORED:
        yield from packed
        return
    decompressor: Decompressor
    if method == zipfile.ZIP_LZMA:
        header = handle.read(min(_LZMA_HEADER_BYTES, info.compress_size))
        packed = _packed_chunks(handle, info.compress_size - len(header))
        decompressor = _start_lzma(header, name)
    else:
        decompressor = Inflater(-15) if method == zipfile.ZIP_DEFLATED else bz2.BZ2Decompressor()
    yield from decompress(decompressor, packed)
    # The end mark of an LZMA stream is optional.
    is_cut = not decompressor.eof and method != zipfile.ZIP_LZMA
    if is_cut or decompressor.unused_data or next(packed, b""):
        report.add("archive.conflict", "Archive member {} is longer or shorter than its compressed content.", name)


def _packed_chunks(handle: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (data := handle.read(min(size, CHUNK_BYTES))):
        yield data
        size -= len(data)


def _start_lzma(header: bytes, name: str) -> Decompressor:
    """Return a decompressor for an LZMA member.

    Its header (APPNOTE section 5.8) is the version, the size of the properties, and the five bytes of properties.
    """
    if len(header) < _LZMA_HEADER_BYTES or header[2:4] != b"\x05\x00" or header[4] >= 9 * 5 * 5:
        raise ArchiveError("archive.unreadable", "Archive member {} is damaged: its LZMA properties are invalid.", name)
    rest, lc = divmod(header[4], 9)
    pb, lp = divmod(rest, 5)
    size = int.from_bytes(header[5:9], "little")
    if size > _MAX_DICTIONARY_BYTES:
        need, limit = -(-size // MIB), _MAX_DICTIONARY_BYTES // MIB
        message = f"Archive member {{}} needs {need} MiB to decompress; the limit is {limit} MiB."
        raise ArchiveError("archive.memory", message, name)
    if lc + lp > 4:
        raise ArchiveError("archive.method", "The LZMA properties of archive member {} are unusual.", name)
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": lc, "lp": lp, "pb": pb}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
