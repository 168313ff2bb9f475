"""Inspection of zip archives: the central directory, the local headers, and the content that the members unpack to.

Readers of zip files trust different records. An archive is accepted only if all records agree, so that every reader
sees the same members. Members are unpacked in memory, chunk by chunk.
"""

from __future__ import annotations

import bz2
import lzma
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from typing import IO

from files.inspection.archives.findings import ArchiveError, Report
from files.inspection.archives.members import Tree, check_name, readings
from files.inspection.archives.streams import CHUNK_BYTES, Inflater, Unpacker, read_at, read_up_to, unpack
from files.inspection.archives.zip_records import (
    ASI_UNIX_EXTRA,
    LOCAL_MAGIC,
    UNICODE_PATH_EXTRA,
    End,
    Entry,
    Local,
    extra_fields,
    read_entries,
    read_local,
    zip64_values,
)

_STORED, _DEFLATED, _DEFLATED_64, _BZIP2, _LZMA = 0, 8, 9, 12, 14
_METHODS = frozenset({_STORED, _DEFLATED, _DEFLATED_64, _BZIP2, _LZMA})
_ENCRYPTED, _HAS_DESCRIPTOR, _PATCH, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_NEWEST_VERSION = 63
_MAX_LZMA_BYTES = 64 * 1024 * 1024
_DESCRIPTORS = tuple(struct.Struct(text) for text in ("<4s3L", "<4sL2Q", "<3L", "<L2Q"))
_DESCRIPTOR_MAGIC = b"PK\x07\x08"
# Placeholders that some tools write into an ASCII name for characters that ASCII does not have.
_STANDS_FOR_OTHERS = re.compile(rb"[^\x00-\x7f]|\?|#U[0-9a-fA-F]{4}|%U[0-9a-fA-F]{4}")
_SPECIAL_TYPES = frozenset({stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK})


class ZipInspector:
    """An inspection of one zip archive.

    With `ignore_case`, two names that differ only in case are a finding, because on some systems they become one file.
    """

    def __init__(self, handle: IO[bytes], end: End, report: Report, *, ignore_case: bool) -> None:
        self._handle = handle
        self._end = end
        self._report = report
        self._tree = Tree(report, ignore_case=ignore_case)

    def run(self) -> int:
        """Inspect the archive, and return the number of bytes before the first member.

        Raises:
            ArchiveError: The archive cannot be read any further.
            EnoughFindings: The report is full.
            TooManySteps: The limit of steps is exceeded.
        """
        if self._end.entry_count > self._report.limits.max_members:
            raise ArchiveError("archive.too_many_members", f"It says it has {self._end.entry_count} members.")
        entries = self._read_entries()
        entries.sort(key=lambda entry: entry.offset)
        self._check_places(entries)
        if not self._report.findings:
            self._tree.check_links()
        return self._end.prefix_bytes + entries[0].offset if entries else self._end.directory_start

    def _read_entries(self) -> list[Entry]:
        entries: list[Entry] = []
        unpacked = packed = 0
        for entry in read_entries(self._handle, self._end):
            self._report.count_member(len(entry.raw_name))
            unpacked += entry.unpacked_bytes
            packed += entry.packed_bytes
            self._check_entry(entry)
            entries.append(entry)
        self._report.check_sizes(unpacked, min(packed, self._end.directory_end))
        return entries

    def _check_entry(self, entry: Entry) -> None:
        name = self._checked_name(entry)
        if entry.flags & (_ENCRYPTED | _STRONG | _MASKED):
            self._report.add("archive.encrypted", "The member is encrypted, so its content cannot be checked.", name)
        if entry.method not in _METHODS or entry.flags & _PATCH or entry.needed_version > _NEWEST_VERSION:
            self._report.add("archive.method", "The member is packed in a way that is not usual in zip files.", name)
        if entry.disk:
            self._report.add("archive.conflict", "The member is in another part of several.", name)
        self._check_mode(entry, name)
        if _is_folder(entry, name):
            self._tree.add_folder(name)
        elif not stat.S_ISLNK(entry.mode):
            self._tree.add_file(name)

    def _checked_name(self, entry: Entry) -> str:
        raw = entry.raw_name
        name = _name(entry)
        if entry.flags & _UTF8 and not _is_utf8(raw):
            self._report.add("archive.name_encoding", "The member's name is not the UTF-8 it says it is.", name)
        for reading in dict.fromkeys([name, *readings(raw)]):
            if not check_name(self._report, reading):
                break
        self._check_unicode_path(raw, extra_fields(entry.extra), entry.flags)
        return name

    def _check_unicode_path(self, raw: bytes, extra: dict[int, bytes], flags: int) -> None:
        """Check that the Unicode name in the extra field extends the plain name and does not contradict it."""
        field = extra.get(UNICODE_PATH_EXTRA)
        if field is None or field[5:] == raw:
            return
        name = readings(field[5:])[0]
        if flags & _UTF8 or not _STANDS_FOR_OTHERS.search(raw) or not _is_utf8(field[5:]):
            self._report.add("archive.conflict", "The member has two different names.", name)
        else:
            check_name(self._report, name)

    def _check_mode(self, entry: Entry, name: str) -> None:
        kind = stat.S_IFMT(entry.mode)
        asi = extra_fields(entry.extra).get(ASI_UNIX_EXTRA, b"")
        asi_kind = stat.S_IFMT(int.from_bytes(asi[4:6], "little"))
        if kind in _SPECIAL_TYPES or asi_kind in _SPECIAL_TYPES:
            self._report.add("archive.special_member", "The member is a device or a pipe.", name)
        elif asi_kind == stat.S_IFLNK != kind:
            self._report.add("archive.conflict", "The member is a link for some readers only.", name)
        if kind == stat.S_IFLNK and _is_folder(entry, name):
            self._report.add("archive.conflict", "The member is a link and a folder.", name)
        if kind in {stat.S_IFREG, 0} and entry.mode & (stat.S_ISUID | stat.S_ISGID):
            self._report.add("archive.setuid", "The member would run with the rights of its owner (setuid).", name)

    def _check_places(self, entries: list[Entry]) -> None:
        """Check that the members follow one another without overlaps and without hidden members in between.

        `entries` are sorted by offset, so this is one pass over the file: the storage may be remote, and seeking back
        would cost a request each time.
        """
        end = self._end.prefix_bytes
        for index, entry in enumerate(entries):
            at = self._end.prefix_bytes + entry.offset
            if at < end:
                raise ArchiveError("archive.overlap", "Two members share the same bytes.", _name(entry))
            if index and at > end:
                self._check_gap(end)
            end = self._check_place(entry, at)
        if entries and end < self._end.directory_start:
            self._check_gap(end)

    def _check_gap(self, at: int) -> None:
        if read_at(self._handle, at, 4) == LOCAL_MAGIC:
            self._report.add("archive.hidden_member", "It has a member that its directory does not list.")

    def _check_place(self, entry: Entry, at: int) -> int:
        """Return the position where the member ends, including the data descriptor after its content.

        Raises:
            ArchiveError: There is no member at this place, or it does not fit there.
        """
        name = _name(entry)
        if at + 30 > self._end.directory_start:
            raise ArchiveError("archive.conflict", "Its directory names a place where no member is.", name)
        local = read_local(self._handle, at)
        end = at + local.size + entry.packed_bytes
        if end > self._end.directory_start:
            raise ArchiveError("archive.overlap", "The member is larger than the room it has.", name)
        self._check_same(entry, local, name)
        if not self._report.findings:
            self._check_content(entry, at + local.size)
        if entry.flags & _HAS_DESCRIPTOR:
            end += self._descriptor_bytes(entry, local, end, name)
        return end

    def _check_same(self, entry: Entry, local: Local, name: str) -> None:
        flags = _ENCRYPTED | _HAS_DESCRIPTOR | (0 if entry.raw_name.isascii() else _UTF8)
        if local.raw_name != entry.raw_name:
            self._report.add("archive.conflict", "The member has another name in front of its content.", name)
        elif local.method != entry.method or (local.flags ^ entry.flags) & flags:
            self._report.add("archive.conflict", "The member is packed in two ways at once.", name)
        elif not self._has_same_sizes(entry, local):
            self._report.add("archive.conflict", "The member has two different sizes or checksums.", name)
        else:
            self._check_unicode_path(local.raw_name, extra_fields(local.extra, is_padded=True), local.flags)

    def _has_same_sizes(self, entry: Entry, local: Local) -> bool:
        unpacked, packed = zip64_values(
            extra_fields(local.extra, is_padded=True), local.unpacked_bytes, local.packed_bytes
        )
        # A tool that writes a data descriptor did not know the values yet when it wrote the local header.
        unknown = {0, 0xFFFFFFFF} if entry.flags & _HAS_DESCRIPTOR else set()
        given = (local.crc, entry.crc), (packed, entry.packed_bytes), (unpacked, entry.unpacked_bytes)
        return all(here in {there, *unknown} for here, there in given)

    def _descriptor_bytes(self, entry: Entry, local: Local, at: int, name: str) -> int:
        """Return the size of the data descriptor after the content.

        Some tools announce a descriptor but write the sizes into the local header instead; then the size is 0.
        """
        data = read_at(self._handle, at, min(24, self._end.directory_start - at))
        expected = (entry.crc, entry.packed_bytes, entry.unpacked_bytes)
        for form in _DESCRIPTORS:
            if len(data) >= form.size:
                values = form.unpack_from(data)
                if values in {expected, (_DESCRIPTOR_MAGIC, *expected)}:
                    return form.size
        if local.packed_bytes != entry.packed_bytes or data[:4] == _DESCRIPTOR_MAGIC:
            self._report.add("archive.conflict", "The member has another size after its content.", name)
        return 0

    def _check_content(self, entry: Entry, start: int) -> None:
        """Check that the member unpacks to its declared size, and record the target of a link."""
        name = _name(entry)
        is_link = stat.S_ISLNK(entry.mode) and not _is_folder(entry, name)
        if is_link and entry.unpacked_bytes > self._report.limits.max_name_bytes:
            self._report.add("archive.name_too_long", "The link's target is too long.", name)
        elif entry.method == _DEFLATED_64 and is_link:
            self._report.add("archive.method", "The link is packed in a way that is not usual in zip files.", name)
        elif entry.method != _DEFLATED_64 and (entry.packed_bytes or entry.unpacked_bytes):
            head = self._unpack(entry, start, name)
            if is_link:
                self._tree.add_symlink(name, readings(head)[-1])
        elif is_link:
            self._tree.add_symlink(name, "")

    def _unpack(self, entry: Entry, start: int, name: str) -> bytes:
        """Unpack the content, check its size and checksum, and return the first chunk of it."""
        head, count, crc = b"", 0, 0
        for data in self._pieces(entry, start, name):
            head = head or data
            count += len(data)
            crc = zlib.crc32(data, crc)
            # Stop at the first byte too many: the declared sizes were checked against the limits, this one was not.
            if count > entry.unpacked_bytes:
                break
        if count != entry.unpacked_bytes:
            self._report.add("archive.conflict", "The member unpacks to another size than it says.", name)
        elif crc != entry.crc:
            self._report.add("archive.unreadable", "The member is damaged: its checksum is wrong.", name)
        return head

    def _pieces(self, entry: Entry, start: int, name: str) -> Iterator[bytes]:
        self._handle.seek(start)
        left = entry.packed_bytes
        unpacker: Unpacker | None = None
        if entry.method == _LZMA:
            unpacker, header_bytes = _open_lzma(read_up_to(self._handle, min(9, left)))
            left -= header_bytes
        elif entry.method != _STORED:
            unpacker = Inflater(-15) if entry.method == _DEFLATED else bz2.BZ2Decompressor()
        while unpacker is None or not unpacker.eof:
            data = b""
            if unpacker is None or unpacker.needs_input:
                data = read_up_to(self._handle, min(left, CHUNK_BYTES))
                left -= len(data)
                if not data:
                    break
            yield unpack(unpacker, data) if unpacker else data
        if unpacker and (left or unpacker.unused_data or not (unpacker.eof or entry.method == _LZMA)):
            self._report.add("archive.conflict", "The member is longer or shorter than its packed content.", name)


def _open_lzma(head: bytes) -> tuple[Unpacker, int]:
    """Return a decompressor for an LZMA member, and the size of the header that it was made from.

    The header (APPNOTE section 5.8) is the version, the size of the properties, and the five bytes of properties.

    Raises:
        ArchiveError: The header is invalid, or the member needs too much memory.
    """
    if len(head) < 9 or head[2:4] != b"\x05\x00" or head[4] >= 9 * 5 * 5:
        raise ArchiveError("archive.unreadable", "A member is damaged: its properties make no sense.")
    rest, lc = divmod(head[4], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(head[5:9], "little")
    if dictionary > _MAX_LZMA_BYTES or lc + lp > 4:
        raise ArchiveError("archive.method", "A member needs too much memory to unpack.")
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), 9


def _is_folder(entry: Entry, name: str) -> bool:
    kind = stat.S_IFMT(entry.mode)
    if name.endswith(("/", "\\")):
        return True
    return not entry.unpacked_bytes and (kind == stat.S_IFDIR or (kind == 0 and entry.is_dos_folder))


def _name(entry: Entry) -> str:
    return readings(entry.raw_name)[0]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
