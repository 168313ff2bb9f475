"""Inspection of zip archives: names, links, and the content that the members decompress to.

`zipfile` parses the central directory, `zip_directory` checks that every other record agrees with it. Members are
decompressed in memory, chunk by chunk.
"""

import re
import stat
import zipfile
from typing import IO

from files.inspection.archives import zip_members
from files.inspection.archives.decompression import read_at
from files.inspection.archives.names import check_name, check_names, is_utf8, readings
from files.inspection.archives.report import ArchiveError, ArchiveReport
from files.inspection.archives.tree import MemberTree
from files.inspection.archives.zip_content import READABLE_METHODS, check_content
from files.inspection.archives.zip_directory import Directory, read_entries
from files.inspection.archives.zip_members import is_folder, is_symlink, raw_name

_DEFLATED_64 = 9  # Windows uses it for large files. The standard library cannot decompress it.
_METHODS = (*READABLE_METHODS, _DEFLATED_64)
_PATCH_FLAG = 0x20
_ENCRYPTED_FLAGS = zip_members.ENCRYPTED_FLAG | 0x40 | 0x2000  # also strong encryption, and an encrypted directory
_ASI_UNIX_EXTRA = 0x756E
# Placeholders that some tools write into an ASCII name for characters that ASCII does not have.
_PLACEHOLDER = re.compile(rb"[^\x00-\x7f]|\?|#U[0-9a-fA-F]{4}|%U[0-9a-fA-F]{4}")
_DEVICES = {stat.S_IFCHR, stat.S_IFBLK}
_SPECIAL_TYPES = {stat.S_IFIFO, stat.S_IFSOCK}


class ZipInspector:
    """An inspection of one zip archive. `ignore_case` is explained at `MemberTree`."""

    def __init__(self, handle: IO[bytes], directory: Directory, report: ArchiveReport, *, ignore_case: bool) -> None:
        self._handle = handle
        self._directory = directory
        self._report = report
        self._tree = MemberTree(report, ignore_case=ignore_case, is_in_order=False)
        self._is_bomb = False

    def run(self) -> int:
        """Inspect the archive, and return the number of bytes before the first member.

        Of members in other parts of a split archive, only the names can be checked.
        """
        members = read_entries(self._handle, self._directory, self._report)
        for info in members:
            self._report.count_member(len(info.orig_filename))
            self._check_entry(info)
        if self._directory.part:
            self._check_other_parts([info for info in members if self._is_elsewhere(info)])
        here = sorted((info for info in members if not self._is_elsewhere(info)), key=self._offset)
        self._check_sizes(here)
        self._check_places(here)
        if not self._report.is_rejected:
            self._tree.check_links()
        first = self._offset(here[0]) if here else self._directory.start
        return 0 if zip_members.filler_end(self._handle, 0, first, self._report) == first else first

    def _check_other_parts(self, members: list[zipfile.ZipInfo]) -> None:
        """Check that the members that the directory places in other parts of a split archive are not in this one.

        Most readers ignore the numbers of the parts. A whole archive must not escape the inspection by claiming that
        its members are elsewhere.
        """
        for info in members:
            if zip_members.is_at(self._handle, self._offset(info), self._directory.start, info):
                message = "The directory says that archive member {} is in another part, but it is in this one."
                self._report.add("archive.conflict", message, _name(info))
        message = "The archive is one part of several, so the content of members in other parts cannot be checked."
        self._report.add("archive.split", message)

    def _check_sizes(self, members: list[zipfile.ZipInfo]) -> None:
        self._is_bomb = True
        with self._report.continue_after_warning():
            packed_bytes = min(sum(info.compress_size for info in members), self._directory.end)
            self._report.check_sizes(sum(info.file_size for info in members), packed_bytes)
            self._is_bomb = False

    def _is_elsewhere(self, info: zipfile.ZipInfo) -> bool:
        return info.volume < self._directory.part

    def _offset(self, info: zipfile.ZipInfo) -> int:
        return self._directory.prefix_bytes + info.header_offset

    def _check_entry(self, info: zipfile.ZipInfo) -> None:
        raw, flags = raw_name(info), info.flag_bits
        name = readings(raw)[0]
        check_names(self._report, raw)
        extra = zip_members.extra_fields(info.extra)
        self._check_unicode_path(raw, extra, flags)
        if flags & _ENCRYPTED_FLAGS:
            message = "Archive member {} is encrypted, so its content cannot be checked."
            self._report.add("archive.encrypted", message, name)
        elif info.compress_type not in _METHODS or flags & _PATCH_FLAG:
            message = "The compression method of archive member {} is unusual. Few programs can unpack it."
            self._report.add("archive.method", message, name)
        if info.volume > self._directory.part:
            self._report.add("archive.conflict", "Archive member {} is in another part of several.", name)
        self._check_mode(info, extra, name)
        if is_folder(info, name):
            self._tree.add_folder(name)
        elif self._is_elsewhere(info) or not is_symlink(info):
            self._tree.add_file(name)

    def _check_unicode_path(self, raw: bytes, extra: dict[int, bytes], flags: int) -> None:
        """Check that the Unicode name in the extra field extends the plain name and does not contradict it."""
        unicode_path = extra.get(zip_members.UNICODE_PATH_EXTRA, b"12345" + raw)[5:]
        if unicode_path == raw:
            return
        name = readings(unicode_path)[0]
        if flags & zip_members.UTF8_FLAG or not _PLACEHOLDER.search(raw) or not is_utf8(unicode_path):
            self._report.add("archive.conflict", "Archive member {} has two different names.", name)
        else:
            check_name(self._report, name)

    def _check_mode(self, info: zipfile.ZipInfo, extra: dict[int, bytes], name: str) -> None:
        mode = info.external_attr >> 16
        if stat.S_ISFIFO(mode) and info.file_size:
            # `zip -` stores standard input with the mode of the pipe. A member with content is unpacked as a file.
            mode = stat.S_IMODE(mode)
        kind = stat.S_IFMT(mode)
        # Old Info-ZIP versions store the mode a second time.
        asi_mode = int.from_bytes(extra.get(_ASI_UNIX_EXTRA, b"")[4:6], "little")
        asi_kind = stat.S_IFMT(asi_mode)
        if not _SPECIAL_TYPES.isdisjoint((kind, asi_kind)):
            self._report.add("archive.special_member", "Archive member {} is a pipe or a socket.", name)
        elif not _DEVICES.isdisjoint((kind, asi_kind)):
            self._report.add("archive.device", "Archive member {} is a device.", name)
        elif asi_kind == stat.S_IFLNK != kind:
            self._report.add("archive.conflict", "Archive member {} is a link for some readers only.", name)
        if kind == stat.S_IFLNK and is_folder(info, name):
            self._report.add("archive.conflict", "Archive member {} is a link and a folder.", name)
        if kind in {stat.S_IFREG, 0} and mode & (stat.S_ISUID | stat.S_ISGID):
            self._report.add("archive.setuid", "Archive member {} would run with the rights of its owner.", name)

    def _check_places(self, members: list[zipfile.ZipInfo]) -> None:
        """Check that the members follow one another without overlaps and without hidden members in between.

        They are sorted by offset, so this is one pass over the file: the storage may be remote, and seeking back would
        cost a request each time.
        """
        end = self._directory.prefix_bytes
        for index, info in enumerate(members):
            at = self._offset(info)
            if at < end:
                raise ArchiveError("archive.overlap", "{} and another member share the same bytes.", _name(info))
            if index and at > end:
                self._check_gap(end, at)
            end = self._check_place(info, at)
        if members and end < self._directory.start:
            self._check_gap(end, self._directory.start)

    def _check_gap(self, at: int, end: int) -> None:
        at = zip_members.filler_end(self._handle, at, end, self._report)
        if at < end and read_at(self._handle, at, 4) == zip_members.LOCAL_MAGIC:
            self._report.add("archive.hidden_member", "The archive has a member that its directory does not list.")

    def _check_place(self, info: zipfile.ZipInfo, at: int) -> int:
        """Check one member, and return the position where it ends, including the data descriptor."""
        name = _name(info)
        local = zip_members.read_local(self._handle, at, self._directory.start, info)
        content_end = local.content_start + info.compress_size
        if content_end > self._directory.start:
            raise ArchiveError("archive.overlap", "Archive member {} is larger than the room it has.", name)
        if conflict := zip_members.local_conflict(info, local):
            self._report.add("archive.conflict", conflict, name)
        else:
            self._check_unicode_path(local.name, local.extra, local.flags)
        if not self._report.is_rejected:
            self._check_content(info, local.content_start, name)
        extra_bytes = zip_members.descriptor_bytes(self._handle, info, local, self._directory.start)
        if extra_bytes is None:
            self._report.add("archive.conflict", "Archive member {} has another size after its content.", name)
        return content_end + (extra_bytes or 0)

    def _check_content(self, info: zipfile.ZipInfo, start: int, name: str) -> None:
        """Check that the member decompresses to its declared size, and record the target of a link."""
        is_link = is_symlink(info) and not is_folder(info, name)
        if is_link and info.file_size > (limit := self._report.limits.max_name_bytes):
            self._report.add("archive.name_too_long", f"The target of link {{}} has more than {limit} bytes.", name)
            return
        head: bytes | None = None
        is_readable = info.compress_type in READABLE_METHODS and not info.flag_bits & (_ENCRYPTED_FLAGS | _PATCH_FLAG)
        if is_readable and (is_link or not self._is_bomb):
            with self._report.continue_after_warning():
                head = check_content(self._handle, info, start, name, self._report)
        if is_link and info.flag_bits & _ENCRYPTED_FLAGS:
            self._tree.add_unreadable_symlink(name)
        elif is_link and head is None:
            self._report.add("archive.link_outside", "The target of symbolic link {} cannot be read.", name)
        elif is_link:
            self._tree.add_symlink(name, readings(head or b"")[-1])


def _name(info: zipfile.ZipInfo) -> str:
    return readings(raw_name(info))[0]
