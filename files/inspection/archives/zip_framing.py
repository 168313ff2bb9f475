"""The framing of a zip file: its end records, central directory and local headers (PKWARE APPNOTE 6.3.10).

`zipfile` searches for the end record, trusts the central directory, and ignores what contradicts it. Each library does
that differently, so an attacker can show different members to different readers. These functions accept only a file
that can be read in one way, and limit the directory before `zipfile` loads it into memory.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass
from typing import IO

from files.inspection.archives.decompression import read_at
from files.inspection.archives.report import ArchiveError, Report

LOCAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x05\x06"
ZIP64_EXTRA, UNICODE_PATH_EXTRA = 0x0001, 0x7075
ENCRYPTED_FLAG, HAS_DESCRIPTOR_FLAG, UTF8_FLAG = 0x1, 0x8, 0x800
_DESCRIPTORS = tuple(struct.Struct(form) for form in ("<4s3L", "<4sL2Q", "<3L", "<L2Q"))
_DIRECTORY_MAGIC = b"PK\x01\x02"
_MEANINGFUL_EXTRAS = (ZIP64_EXTRA, UNICODE_PATH_EXTRA)
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_LOCAL = struct.Struct("<4s5H3L2H")
_LENGTHS = struct.Struct("<3H")
_ENTRY_BYTES = 46
_LOCATOR_MAGIC, _DESCRIPTOR_MAGIC = b"PK\x06\x07", b"PK\x07\x08"
_ZIP64_CONFLICT = "The end records for small and for large archives disagree."
_MAX_COMMENT_BYTES = 0xFFFF
_FULL_32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Directory:
    """The position of the central directory. Offsets in the archive are relative to `prefix_bytes`."""

    entry_count: int
    start: int
    end: int
    prefix_bytes: int


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """A member as the header in front of its content describes it.

    `values` are the CRC-32, the compressed size and the size. They may be 0 or 0xFFFFFFFF if a data descriptor follows.
    """

    name: bytes
    extra: dict[int, bytes]
    flags: int
    method: int
    values: tuple[int, int, int]
    content_start: int


def find_directory(handle: IO[bytes], size: int) -> Directory | None:
    """Return the position of the central directory, or None if the file has no end record.

    Raises:
        ArchiveError: There is an end record, but it is damaged, it is not the only one, or other data follows it.
    """
    tail_start = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    tail = read_at(handle, tail_start, size - tail_start)
    # The end record ends with a comment of variable length, so it has to be searched for. A comment that contains
    # another end record would let readers choose between two archives.
    found = [match.start() for match in re.finditer(END_MAGIC, tail)]
    whole = [at for at in found if int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail) - at - _END.size]
    if found and not whole:
        raise ArchiveError("archive.trailing_data", "Other data follows the end record of the archive.")
    if found and found[-1] != whole[0]:
        raise ArchiveError("archive.conflict", "The comment of the archive holds another end record.")
    return _parse_end(handle, tail_start + whole[0], tail[whole[0] :]) if found else None


def read_entries(handle: IO[bytes], directory: Directory, report: Report) -> list[zipfile.ZipInfo]:
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


def read_local(handle: IO[bytes], offset: int, limit: int, info: zipfile.ZipInfo) -> LocalHeader:
    """Read the local header at an offset. All headers end before the offset `limit`."""
    header = read_at(handle, offset, _LOCAL.size) if offset + _LOCAL.size <= limit else b""
    if not header.startswith(LOCAL_MAGIC):
        raise ArchiveError("archive.conflict", "The directory names a place for {} that has no member.", info.filename)
    _, _, flags, method, _, _, crc, packed, unpacked, name_bytes, extra_bytes = _LOCAL.unpack(header)
    data = read_at(handle, offset + _LOCAL.size, name_bytes + extra_bytes)
    name, extra = data[:name_bytes], extra_fields(data[name_bytes:], is_padded=True)
    if ZIP64_EXTRA in extra:
        # A size that is 0xFFFFFFFF stands for the next one in this field.
        large = io.BytesIO(extra[ZIP64_EXTRA])
        unpacked, packed = (
            int.from_bytes(large.read(8), "little") if size == _FULL_32 else size for size in (unpacked, packed)
        )
    return LocalHeader(name, extra, flags, method, (crc, packed, unpacked), offset + _LOCAL.size + len(data))


def local_conflict(info: zipfile.ZipInfo, local: LocalHeader) -> str:
    """Return how the local header contradicts the central directory; an empty string if it does not."""
    name = raw_name(info)
    # Some tools set the UTF-8 flag of ASCII names in one of the two places.
    flags = ENCRYPTED_FLAG | HAS_DESCRIPTOR_FLAG | (0 if name.isascii() else UTF8_FLAG)
    if local.name != name:
        return "Archive member {} has another name in front of its content."
    if local.method != info.compress_type or (local.flags ^ info.flag_bits) & flags:
        return "Archive member {} is compressed in two ways at once."
    # A tool that writes a data descriptor did not know the values yet when it wrote the local header.
    unknown = {0, _FULL_32} if info.flag_bits & HAS_DESCRIPTOR_FLAG else set()
    expected = info.CRC, info.compress_size, info.file_size
    if not all(here in {there, *unknown} for here, there in zip(local.values, expected, strict=True)):
        return "Archive member {} has two different sizes or checksums."
    return ""


def descriptor_bytes(handle: IO[bytes], info: zipfile.ZipInfo, local: LocalHeader, limit: int) -> int | None:
    """Return the size of the data descriptor after the content, or None if it contradicts the central directory.

    Some tools announce a descriptor but write the sizes into the local header instead; then the size is 0.
    """
    if not info.flag_bits & HAS_DESCRIPTOR_FLAG:
        return 0
    start = local.content_start + info.compress_size
    data = read_at(handle, start, min(24, limit - start))
    expected = info.CRC, info.compress_size, info.file_size
    for form in _DESCRIPTORS:
        if len(data) >= form.size and form.unpack_from(data) in {expected, (_DESCRIPTOR_MAGIC, *expected)}:
            return form.size
    return None if local.values[1] != info.compress_size or data.startswith(_DESCRIPTOR_MAGIC) else 0


def raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of the name. `zipfile` decodes them, and cuts its other attribute for the name at a NUL."""
    name = info.orig_filename
    return name.encode("utf-8" if info.flag_bits & UTF8_FLAG or name.isascii() else "cp437")


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
        if at + 4 + length > len(extra) and not (is_padded and kind not in _MEANINGFUL_EXTRAS):
            raise ArchiveError("archive.unreadable", "An extra field of a member is damaged.")
        if kind in fields and kind in _MEANINGFUL_EXTRAS:
            raise ArchiveError("archive.conflict", "A member has two extra fields of one kind.")
        fields[kind] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _parse_end(handle: IO[bytes], end: int, record: bytes) -> Directory:
    _, disk, directory_disk, here, count, length, offset, _ = _END.unpack_from(record)
    if disk or directory_disk or here != count:
        raise ArchiveError("archive.conflict", "The archive is one part of several. Upload it as one file.")
    locator_at = max(0, end - _ZIP64_LOCATOR.size)
    locator = read_at(handle, locator_at, _ZIP64_LOCATOR.size)
    if locator.startswith(_LOCATOR_MAGIC):
        end, *large = _parse_zip64_end(handle, locator_at - _ZIP64_END.size, locator)
        # A value that is too large for its field is replaced by all ones; any other has to agree.
        full = 0xFFFF, _FULL_32, _FULL_32
        if any(small not in pair for small, *pair in zip((count, length, offset), large, full, strict=True)):
            raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
        count, length, offset = large
    prefix = end - length - offset
    if prefix < 0:
        raise ArchiveError("archive.truncated", "The central directory is larger than the file. Upload the whole file.")
    if prefix and read_at(handle, offset, 4) == _DIRECTORY_MAGIC:
        raise ArchiveError("archive.conflict", "There is another directory for readers that ignore the prefix.")
    return Directory(entry_count=count, start=end - length, end=end, prefix_bytes=prefix)


def _parse_zip64_end(handle: IO[bytes], start: int, locator: bytes) -> tuple[int, int, int, int]:
    """Return the position of the ZIP64 end record, the number of members, and the size and offset of the directory."""
    _, locator_disk, offset, disks = _ZIP64_LOCATOR.unpack(locator)
    record = _ZIP64_END.unpack(read_at(handle, max(0, start), _ZIP64_END.size))
    magic, size, _, _, disk, directory_disk, here, count, length, directory_offset = record
    # The locator and the record have to agree on where the archive starts. Otherwise readers would see two archives.
    is_consistent = magic == b"PK\x06\x06" and size == _ZIP64_END.size - 12 and here == count
    if not is_consistent or disk or directory_disk or locator_disk or disks > 1:
        raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
    if not offset == length + directory_offset <= start:
        raise ArchiveError("archive.conflict", _ZIP64_CONFLICT)
    return start, count, length, directory_offset


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
