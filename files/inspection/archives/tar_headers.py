"""Headers of tar archives. `tarfile` parses the header blocks, and the extended headers are parsed here.

`TarFile` reads extended headers into memory whatever their size is, calls itself for each one, and takes quadratic time
for some of them before Python 3.11.10 (CVE-2024-6232).
"""

import re
import tarfile
from tarfile import BLOCKSIZE, TarInfo

from files.inspection.archives.report import ArchiveError, ArchiveReport

_NUMBER_FIELDS = (slice(100, 108), slice(108, 116), slice(116, 124), slice(124, 136), slice(136, 148))
_NUMBER = re.compile(rb" *[0-7]* *(?:\0.*)?|[\x80\xff].*", re.DOTALL)
_RECORD_LENGTH = re.compile(rb"([1-9][0-9]{0,8}) ")
SINGLE_KEYS = ("path", "linkpath", "size")


def looks_like_tar(block: bytes) -> bool:
    """Return True if the block is a tar header, whatever the name of the file: `ustar` and a correct checksum."""
    if len(block) != BLOCKSIZE or block[257:262] != b"ustar":
        return False
    try:
        return bool(TarInfo.frombuf(block, "utf-8", "surrogateescape"))
    except tarfile.HeaderError:
        return False


def parse_header(block: bytes) -> TarInfo:
    """Parse a header block with the checks that `tarfile` does not make: it reads `-8` and `0o1_0` as numbers."""
    try:
        header = TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ArchiveError("archive.unreadable", f"A header is damaged: {error}.") from error
    # Almost all headers have octal numbers only, which needs one look at all fields together.
    is_octal = not block[100:148].translate(None, b"01234567 \0")
    if header.size < 0 or not (is_octal or all(_NUMBER.fullmatch(block[field]) for field in _NUMBER_FIELDS)):
        raise ArchiveError("archive.unreadable", "A header is damaged: a field that must be a number is not.")
    return header


def parse_pax(data: bytes, report: ArchiveReport) -> dict[str, bytes]:
    """Parse the records `LENGTH KEY=VALUE\\n` of an extended header (POSIX pax, "pax Extended Header")."""
    records: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        report.count_record()
        length = _RECORD_LENGTH.match(data, at)
        end = at + int(length[1]) if length else 0
        key, equals, value = data[length.end() : end - 1].partition(b"=") if length else (b"", b"", b"")
        if not equals or not key or end > len(data) or data[end - 1 : end] != b"\n":
            raise ArchiveError("archive.unreadable", "An extended header is damaged.")
        name = key.decode("utf-8", "replace")
        if name in SINGLE_KEYS and name in records:
            raise ArchiveError("archive.conflict", f"An extended header has two values for {name}.")
        records[name] = value
        at = end
    return records


def parse_decimal(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,20}", value):
        raise ArchiveError("archive.unreadable", "An extended header is damaged: a size is not a number.")
    return int(value)


def sparse_size(block: bytes) -> int:
    """Return the size that a sparse file of GNU tar takes on a disk."""
    field = block[483:495]
    return int.from_bytes(field[1:], "big") if field[0] & 0x80 else int(field.partition(b"\0")[0].strip() or b"0", 8)
