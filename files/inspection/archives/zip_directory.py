"""The end records and the central directory of a zip file (PKWARE APPNOTE 6.3.10).

`zipfile` searches for the end record, trusts the central directory, and ignores what contradicts it. Each library does
that differently, so an attacker can show different members to different readers. These functions accept only a file
that can be read in one way, and limit the directory before `zipfile` loads it into memory.
"""

import io
import re
import struct
import zipfile
from dataclasses import dataclass
from typing import IO

from files.inspection.archives.decompression import read_at
from files.inspection.archives.report import ArchiveError, ArchiveReport

END_MAGIC = b"PK\x05\x06"
_DIRECTORY_MAGIC = b"PK\x01\x02"
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_LENGTHS = struct.Struct("<3H")
_ENTRY_BYTES = 46
_LOCATOR_MAGIC = b"PK\x06\x07"
_ZIP64_CONFLICT = "The end records for small and for large archives disagree."
_MAX_COMMENT_BYTES = 0xFFFF
_FULL_FIELDS = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Directory:
    """The position of the central directory. Offsets in the archive are relative to `prefix_bytes`.

    `part` is the number of this file among the parts of a split archive. It is 0 for a whole archive.
    """

    entry_count: int
    start: int
    end: int
    prefix_bytes: int
    part: int


def find_directory(handle: IO[bytes], size: int) -> Directory | None:
    """Return the position of the central directory, or None if the file has no end record.

    Raises:
        ArchiveError: There is an end record, but it is damaged, it is not the only one, or other data follows it.
    """
    tail_start = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    tail = read_at(handle, tail_start, size - tail_start)
    # The end record ends with a comment of variable length, so it has to be searched for. A comment that contains
    # another end record would let readers choose between two archives. `bsdtar` fills the last block with zeros when it
    # writes into a pipe; no reader finds a record there.
    found = [match.start() for match in re.finditer(END_MAGIC, tail)]
    filled = len(tail.rstrip(b"\0"))
    ends = {at: at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") for at in found}
    whole = [at for at in found if filled <= ends[at] <= len(tail)]
    if found and not whole:
        raise ArchiveError("archive.trailing_data", "Other data follows the end record of the archive.")
    if found and found[-1] != whole[0]:
        raise ArchiveError("archive.conflict", "The comment of the archive holds another end record.")
    return _parse_end(handle, tail_start + whole[0], tail[whole[0] :]) if found else None


def read_entries(handle: IO[bytes], directory: Directory, report: ArchiveReport) -> list[zipfile.ZipInfo]:
    """Return the members in the central directory, as `zipfile` parses them. Only the directory is loaded."""
    report.check_count(directory.entry_count)
    size, limit = directory.end - directory.start, report.limits.max_directory_bytes
    if size > limit:
        raise ArchiveError("archive.too_many_members", f"The central directory has {size} bytes; the limit is {limit}.")
    data = read_at(handle, directory.start, size)
    _check_records(data, directory.entry_count)
    # `zipfile` sees the checked directory and a new end record only, so it can find no other directory.
    end_record = _END.pack(END_MAGIC, 0, 0, 0, 0, size, 0, 0)
    try:
        with zipfile.ZipFile(io.BytesIO(data + end_record)) as archive:
            return archive.infolist()
    except UnicodeDecodeError as error:
        raise ArchiveError("archive.name_encoding", "The name of a member is not the UTF-8 it claims to be.") from error
    except NotImplementedError as error:
        # Not archive.method, which is a warning: `zipfile` gives up here, so the other members remain unread.
        raise ArchiveError("archive.unreadable", f"The archive needs a newer program: {error}.") from error
    except zipfile.BadZipFile as error:
        raise ArchiveError("archive.unreadable", f"The central directory is damaged: {error}.") from error


def _parse_end(handle: IO[bytes], end: int, record: bytes) -> Directory:
    fields = _END.unpack_from(record)[1:-1]
    locator_at = max(0, end - _ZIP64_LOCATOR.size)
    locator = read_at(handle, locator_at, _ZIP64_LOCATOR.size)
    if locator.startswith(_LOCATOR_MAGIC):
        end, *large = _parse_zip64_end(handle, locator_at - _ZIP64_END.size, locator)
        # A value that is too large for its field is replaced by all ones; any other has to agree.
        if any(small not in pair for small, *pair in zip(fields, large, _FULL_FIELDS, strict=True)):
            raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
        fields = tuple(large)
    disk, directory_disk, here, count, length, offset = fields
    if disk != directory_disk or here != count:
        # A reader that ignores the numbers of the parts must not find the directory, or an empty archive, in this one.
        places = [at for at in (end - length, offset) if 0 <= at <= end - len(_DIRECTORY_MAGIC)]
        is_here = any(read_at(handle, at, len(_DIRECTORY_MAGIC)) == _DIRECTORY_MAGIC for at in places)
        if disk <= directory_disk or not count or is_here:
            raise ArchiveError("archive.conflict", "The end record says wrongly that the archive is split.")
        raise ArchiveError("archive.split", "The directory begins in another part, so the archive cannot be checked.")
    prefix = end - length - offset
    if prefix < 0:
        raise ArchiveError("archive.truncated", "The central directory is larger than the file. Upload the whole file.")
    if prefix and read_at(handle, offset, 4) == _DIRECTORY_MAGIC:
        raise ArchiveError("archive.conflict", "There is another directory for readers that ignore the prefix.")
    return Directory(entry_count=count, start=end - length, end=end, prefix_bytes=prefix, part=disk)


def _parse_zip64_end(handle: IO[bytes], start: int, locator: bytes) -> tuple[int, ...]:
    """Return the position of the ZIP64 end record, and those of its values that the small end record has as well."""
    _, locator_disk, offset, disks = _ZIP64_LOCATOR.unpack(locator)
    record = _ZIP64_END.unpack(read_at(handle, max(0, start), _ZIP64_END.size))
    magic, size, _, _, *fields = record
    disk, directory_disk, here, count, length, directory_offset = fields
    # The locator and the record have to agree on where the archive starts. Otherwise readers would see two archives.
    is_consistent = magic == b"PK\x06\x06" and size == _ZIP64_END.size - 12 and locator_disk == disk
    if not is_consistent or disks not in ({0, 1} if disk == 0 else {disk + 1}):
        raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
    is_whole = disk == directory_disk and here == count
    if offset > start or (is_whole and offset != length + directory_offset):
        raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
    return (start, *fields)


def _check_records(data: bytes, count: int) -> None:
    """Check that the directory has exactly so many records. `zipfile` ignores the number and cuts the last record."""
    at = found = 0
    while found <= count and at + _ENTRY_BYTES <= len(data) and data.startswith(_DIRECTORY_MAGIC, at):
        at += _ENTRY_BYTES + sum(_LENGTHS.unpack_from(data, at + 28))
        found += 1
    if at != len(data) or found != count:
        raise ArchiveError("archive.conflict", f"The central directory does not have exactly {count} members.")
    # `zipfile` would take the comment of the last member for the locator of a ZIP64 end record.
    if data[-_ZIP64_LOCATOR.size :].startswith(_LOCATOR_MAGIC):
        raise ArchiveError("archive.conflict", "The comment of a member holds another end record.")
