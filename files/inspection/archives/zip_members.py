"""The local headers, data descriptors and extra fields of zip members (PKWARE APPNOTE 6.3.10).

A reader that begins at the start of the file uses the local headers, all others use the central directory. `zipfile`
compares only the names in the two, and has no function for the rest.
"""

import io
import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import IO

from files.inspection.archives.decompression import read_at
from files.inspection.archives.report import ArchiveError, ArchiveReport

LOCAL_MAGIC = b"PK\x03\x04"
ENCRYPTED_FLAG, HAS_DESCRIPTOR_FLAG, UTF8_FLAG = 0x1, 0x8, 0x800
UNICODE_PATH_EXTRA, _ZIP64_EXTRA = 0x7075, 0x0001
_MEANINGFUL_EXTRAS = (_ZIP64_EXTRA, UNICODE_PATH_EXTRA)
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTORS = tuple(struct.Struct(form) for form in ("<4s3L", "<4sL2Q", "<3L", "<L2Q"))
_DESCRIPTOR_MAGIC = b"PK\x07\x08"
_DOS_FOLDER = 0x10
_FULL_32 = 0xFFFFFFFF


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


def read_local(handle: IO[bytes], offset: int, limit: int, info: zipfile.ZipInfo) -> LocalHeader:
    """Read the local header at an offset. All headers end before the offset `limit`."""
    header = read_at(handle, offset, _LOCAL.size) if offset + _LOCAL.size <= limit else b""
    if not header.startswith(LOCAL_MAGIC):
        raise ArchiveError("archive.conflict", "The directory names a place for {} that has no member.", info.filename)
    _, _, flags, method, _, _, crc, packed, unpacked, name_bytes, extra_bytes = _LOCAL.unpack(header)
    data = read_at(handle, offset + _LOCAL.size, name_bytes + extra_bytes)
    name, extra = data[:name_bytes], extra_fields(data[name_bytes:], is_padded=True)
    if _ZIP64_EXTRA in extra:
        # A size that is 0xFFFFFFFF stands for the next one in this field.
        large = io.BytesIO(extra[_ZIP64_EXTRA])
        unpacked, packed = (
            int.from_bytes(large.read(8), "little") if size == _FULL_32 else size for size in (unpacked, packed)
        )
    return LocalHeader(name, extra, flags, method, (crc, packed, unpacked), offset + _LOCAL.size + len(data))


def is_at(handle: IO[bytes], offset: int, limit: int, info: zipfile.ZipInfo) -> bool:
    """Return whether the local header at an offset has the name of the member. It ends before the offset `limit`."""
    name = raw_name(info)
    length = _LOCAL.size + len(name)
    header = read_at(handle, offset, length) if offset + length <= limit else b""
    return header.startswith(LOCAL_MAGIC) and header.endswith(name)


def filler_end(handle: IO[bytes], at: int, end: int, report: ArchiveReport) -> int:
    """Return where the unused room ends that begins at `at`, and `at` itself if there is none.

    Android's build tools fill room between members, and in front of the first one, with headers that have no name and
    no content. Readers that do not know the directory skip them.
    """
    while end - at >= _LOCAL.size:
        magic, _, flags, method, _, _, *values, name_bytes, extra_bytes = _LOCAL.unpack(
            read_at(handle, at, _LOCAL.size)
        )
        next_at = at + _LOCAL.size + extra_bytes
        is_empty = magic == LOCAL_MAGIC and not any((flags, method, *values, name_bytes)) and next_at <= end
        if not is_empty or any(read_at(handle, at + _LOCAL.size, extra_bytes)):
            break
        report.count_member(0)
        at = next_at
    return at


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


def is_symlink(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def is_folder(info: zipfile.ZipInfo, name: str) -> bool:
    kind = stat.S_IFMT(info.external_attr >> 16)
    is_marked = kind == stat.S_IFDIR or (not kind and bool(info.external_attr & _DOS_FOLDER))
    return name.endswith(("/", "\\")) or (is_marked and not info.file_size)
