"""Parsers for the records of a zip file (PKWARE APPNOTE 6.3.10).

Libraries repair or ignore contradictions in an archive. These parsers report them, because each library decides
differently, and an attacker can show different members to different readers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from files.inspection.archives.findings import ArchiveError
from files.inspection.archives.streams import read_at, read_exactly

LOCAL_MAGIC = b"PK\x03\x04"
DIRECTORY_MAGIC = b"PK\x01\x02"
END_MAGIC = b"PK\x05\x06"
ZIP64_EXTRA, UNICODE_PATH_EXTRA, ASI_UNIX_EXTRA = 0x0001, 0x7075, 0x756E
_MEANINGFUL = frozenset({ZIP64_EXTRA, UNICODE_PATH_EXTRA})

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_DIRECTORY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT_BYTES = 65535
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_FEWER = "Its directory has fewer members than it says."
_NEED_ZIP64 = "Its end record is damaged: the parts for large archives disagree."


@dataclass(frozen=True, slots=True)
class End:
    """The position of the central directory. Offsets in the archive are relative to `prefix_bytes`."""

    entry_count: int
    directory_start: int
    directory_end: int
    prefix_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the central directory describes it. `offset` is relative to the end of the prefix."""

    raw_name: bytes
    extra: bytes
    needed_version: int
    flags: int
    method: int
    crc: int
    packed_bytes: int
    unpacked_bytes: int
    disk: int
    mode: int
    is_dos_folder: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Local:
    """A member as the local header before its content describes it. The sizes may be zero or 0xFFFFFFFF."""

    raw_name: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    unpacked_bytes: int
    size: int


def read_end(handle: IO[bytes], size: int) -> End | None:
    """Return the end record of the archive, or None if the file has none.

    Raises:
        ArchiveError: There is an end record, but it is damaged, it is not the only one, or other data follows it.
    """
    tail_start = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    tail = read_at(handle, tail_start, size - tail_start)
    # The end record ends with a comment of variable length, so it has to be searched for. A comment that contains
    # another end record would let readers choose between two archives.
    found = list(_find_all(tail, END_MAGIC))
    whole = [at for at in found if _reaches_end(tail, at)]
    if not whole:
        if found:
            raise ArchiveError("archive.trailing_data", "It has other data after its end record.")
        return None
    if found[-1] != whole[0]:
        raise ArchiveError("archive.conflict", "Its comment holds another end record.")
    return _parse_end(handle, tail_start + whole[0], tail[whole[0] : whole[0] + _END.size])


def read_entries(handle: IO[bytes], end: End) -> Iterator[Entry]:
    """Yield the members in the central directory.

    Raises:
        ArchiveError: The directory is damaged, or is not exactly what the end record says.
    """
    handle.seek(end.directory_start)
    at = end.directory_start
    for _ in range(end.entry_count):
        if at + _DIRECTORY.size > end.directory_end:
            raise ArchiveError("archive.conflict", _FEWER)
        fixed = _DIRECTORY.unpack(read_exactly(handle, _DIRECTORY.size))
        lengths = fixed[10:13]
        at += _DIRECTORY.size + sum(lengths)
        if fixed[0] != DIRECTORY_MAGIC or at > end.directory_end:
            raise ArchiveError("archive.conflict", _FEWER)
        yield _entry(fixed, *(read_exactly(handle, length) for length in lengths))
    if at != end.directory_end:
        raise ArchiveError("archive.conflict", "Its directory has more in it than it says.")


def read_local(handle: IO[bytes], offset: int) -> Local:
    """Read the local header at an offset.

    Raises:
        ArchiveError: There is no local header.
    """
    fixed = _LOCAL.unpack(read_at(handle, offset, _LOCAL.size))
    if fixed[0] != LOCAL_MAGIC:
        raise ArchiveError("archive.conflict", "Its directory names a place where no member is.")
    name, extra = read_exactly(handle, fixed[9]), read_exactly(handle, fixed[10])
    return Local(
        raw_name=name,
        extra=extra,
        flags=fixed[2],
        method=fixed[3],
        crc=fixed[6],
        packed_bytes=fixed[7],
        unpacked_bytes=fixed[8],
        size=_LOCAL.size + len(name) + len(extra),
    )


def extra_fields(extra: bytes, *, is_padded: bool = False) -> dict[int, bytes]:
    """Return the extra fields by their IDs.

    Args:
        extra: The bytes of all extra fields.
        is_padded: Tolerate an unknown field that is too long. Android's tools pad local headers with arbitrary bytes.

    Raises:
        ArchiveError: A field is too long, or a field that changes the meaning of the member exists twice.
    """
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra) and not (is_padded and kind not in _MEANINGFUL):
            raise ArchiveError("archive.unreadable", "An extra field of a member is damaged.")
        if kind in fields and kind in _MEANINGFUL:
            raise ArchiveError("archive.conflict", "A member has two extra fields of one kind.")
        fields[kind] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def zip64_values(extra: dict[int, bytes], *given: int) -> list[int]:
    """Return the given 32-bit values. A value that is 0xFFFFFFFF is replaced by the one in the ZIP64 extra field.

    Raises:
        ArchiveError: The ZIP64 extra field is too short.
    """
    large = extra.get(ZIP64_EXTRA)
    if large is None:
        return list(given)
    values, at = [], 0
    for value in given:
        if value == _FULL_32:
            if at + 8 > len(large):
                raise ArchiveError("archive.unreadable", "The extra field of a large member is too short.")
            value = int.from_bytes(large[at : at + 8], "little")
            at += 8
        values.append(value)
    return values


def _find_all(data: bytes, magic: bytes) -> Iterator[int]:
    at = data.find(magic)
    while at >= 0:
        yield at
        at = data.find(magic, at + 1)


def _reaches_end(tail: bytes, at: int) -> bool:
    """Return True if the end record at this position, with its comment, ends exactly at the end of the file."""
    return len(tail) >= at + _END.size and at + _END.size + _END.unpack_from(tail, at)[7] == len(tail)


def _parse_end(handle: IO[bytes], at: int, record: bytes) -> End:
    _, disk, directory_disk, here, count, length, offset, _ = _END.unpack(record)
    if disk or directory_disk or here != count:
        raise ArchiveError("archive.conflict", "It is one part of several.")
    end = at
    if large := _read_zip64_end(handle, at):
        end, *values = large
        for short, full, value in zip((count, length, offset), (_FULL_16, _FULL_32, _FULL_32), values, strict=True):
            if short not in {full, value}:
                raise ArchiveError("archive.conflict", _NEED_ZIP64)
        count, length, offset = values
    prefix = end - length - offset
    if prefix < 0:
        raise ArchiveError("archive.truncated", "Its directory is larger than the file, or not where it says.")
    if prefix and read_at(handle, offset, 4) == DIRECTORY_MAGIC:
        raise ArchiveError("archive.conflict", "It has a second directory for readers that ignore what is in front.")
    return End(entry_count=count, directory_start=end - length, directory_end=end, prefix_bytes=prefix)


def _read_zip64_end(handle: IO[bytes], end_at: int) -> tuple[int, int, int, int] | None:
    """Return the position of the ZIP64 end record, the number of members, and the size and offset of the directory.

    Return None if the archive has no ZIP64 end record.
    """
    locator_at = end_at - _LOCATOR.size
    if locator_at < 0:
        return None
    magic, disk, offset, disks = _LOCATOR.unpack(read_at(handle, locator_at, _LOCATOR.size))
    if magic != b"PK\x06\x07":
        return None
    start = locator_at - _ZIP64_END.size
    if disk or disks > 1 or start < 0 or offset > start:
        raise ArchiveError("archive.conflict", _NEED_ZIP64)
    values = _ZIP64_END.unpack(read_at(handle, start, _ZIP64_END.size))
    if values[0] != b"PK\x06\x06" or values[1] != _ZIP64_END.size - 12:
        raise ArchiveError("archive.conflict", _NEED_ZIP64)
    _, _, _, _, this_disk, first_disk, here, count, length, directory_at = values
    # The locator and the record have to agree on where the archive starts. Otherwise readers would see two archives.
    if this_disk or first_disk or here != count or start - offset != start - length - directory_at:
        raise ArchiveError("archive.conflict", _NEED_ZIP64)
    return start, count, length, directory_at


def _entry(fixed: tuple[int, ...], name: bytes, extra: bytes, _comment: bytes) -> Entry:
    _, _, version, flags, method, _, _, crc, packed, unpacked, _, _, _, disk, _, attributes, offset = fixed
    unpacked, packed, offset = zip64_values(extra_fields(extra), unpacked, packed, offset)
    return Entry(
        raw_name=name,
        extra=extra,
        needed_version=version & 0xFF,
        flags=flags,
        method=method,
        crc=crc,
        packed_bytes=packed,
        unpacked_bytes=unpacked,
        disk=disk,
        mode=attributes >> 16,
        is_dos_folder=bool(attributes & 0x10) and not unpacked,
        offset=offset,
    )
