"""Inspection of tar archives. The headers are read one after the other, and none of them is kept in memory."""

import stat
import tarfile
from tarfile import BLOCKSIZE, TarInfo
from typing import IO

from files.inspection.archives.decompression import CHUNK_BYTES
from files.inspection.archives.names import check_names, is_utf8, readings
from files.inspection.archives.report import ArchiveError, ArchiveReport
from files.inspection.archives.tar_headers import SINGLE_KEYS, parse_decimal, parse_header, parse_pax, sparse_size
from files.inspection.archives.tree import MemberTree

_EMPTY = bytes(BLOCKSIZE)
_MAX_EXTENDED_BYTES = 1024 * 1024
_MAX_OCTAL_SIZE = 0o77777777777
_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK, _LABEL = tarfile.XHDTYPE, tarfile.XGLTYPE, b"L", b"K", b"V"
_DUMP_FOLDER = b"D"  # a folder with the list of its files, in an incremental backup of GNU tar
_DEVICES = (tarfile.CHRTYPE, tarfile.BLKTYPE)
_EXTENDED = (_PAX, tarfile.SOLARIS_XHDTYPE, _GLOBAL, _LONG_NAME, _LONG_LINK)
_REAL_SIZE_KEYS = ("GNU.sparse.realsize", "GNU.sparse.size", "SCHILY.realsize")


class TarInspector:
    """An inspection of all headers of `stream`. `packed_bytes` is the size of the whole file."""

    def __init__(self, stream: IO[bytes], report: ArchiveReport, packed_bytes: int) -> None:
        self._stream = stream
        self._report = report
        self._packed_bytes = packed_bytes
        self._sparse_bytes = 0
        self._tree = MemberTree(report, ignore_case=False, is_in_order=True)
        # The extended headers before a member override fields of its own header.
        self._extended: dict[bytes, bytes] = {}
        self._pax: dict[str, bytes] = {}

    def run(self) -> None:
        """Inspect the archive and add the findings to the report."""
        while (block := self._read_block()) != _EMPTY:
            header = parse_header(block)
            if header.type in _EXTENDED:
                self._read_extended(header)
            else:
                self._check_member(header, block)
                self._extended, self._pax = {}, {}
        if self._extended:
            raise ArchiveError("archive.truncated", "The archive ends after an extended header, before its member.")
        while data := self._stream.read(CHUNK_BYTES):
            if data.strip(b"\0"):
                raise ArchiveError("archive.trailing_data", "Other data follows the end mark of the archive.")
        self._tree.check_links()
        self._report.check_sizes(self._sparse_bytes, self._packed_bytes)

    def _read_block(self) -> bytes:
        if len(block := self._stream.read(BLOCKSIZE)) < BLOCKSIZE:
            raise ArchiveError("archive.truncated", "The archive ends without an end mark. Upload the whole file.")
        return block

    def _skip(self, size: int) -> None:
        if self._stream.seekable():
            # The content of a plain archive is not read, because the storage may be remote.
            here = self._stream.tell()
            size -= self._stream.seek(min(here + size, self._packed_bytes)) - here
        while size and (data := self._stream.read(min(size, CHUNK_BYTES))):
            size -= len(data)
        if size:
            raise ArchiveError("archive.truncated", "The archive ends within a member. Upload the whole file.")

    def _read_extended(self, header: TarInfo) -> None:
        if header.size > _MAX_EXTENDED_BYTES:
            raise ArchiveError("archive.unreadable", f"An extended header has {header.size} bytes. The limit is 1 MiB.")
        data = self._stream.read(_padded(header.size))[: header.size]
        if len(data) < header.size:
            raise ArchiveError("archive.truncated", "The archive ends within an extended header.")
        if header.type in self._extended:
            raise ArchiveError("archive.conflict", "A member has two extended headers of one kind.")
        if header.type == _GLOBAL:
            self._report.count_member(0)
            if not parse_pax(data, self._report).keys().isdisjoint(SINGLE_KEYS):
                raise ArchiveError("archive.conflict", "A global header gives all members one name, link or size.")
            return
        if header.type in (_LONG_NAME, _LONG_LINK):
            self._extended[header.type] = self._up_to_nul(data, readings(data)[0])
        else:
            self._extended[header.type] = b""
            self._pax = parse_pax(data, self._report)

    def _up_to_nul(self, value: bytes, name: str) -> bytes:
        """Return a name up to its first NUL byte. Some readers would use the rest of it as well."""
        text, _, rest = value.partition(b"\0")
        if rest.strip(b"\0"):
            self._report.add("archive.control_characters", "The name of {} goes on after its NUL byte.", name)
        return text

    def _check_member(self, header: TarInfo, block: bytes) -> None:
        name = self._checked_name(block)
        link = self._up_to_nul(block[157:257], name)
        size = self._size(header, name)
        is_folder = header.isdir() or (header.isfile() and name.endswith("/"))
        if header.isfile() and not is_folder:
            self._check_file(header, block, name)
        elif header.type == _DUMP_FOLDER:
            self._tree.add_folder(name)
            self._report.add("archive.incremental", "Archive member {} is the folder of an incremental backup.", name)
        elif size:
            raise ArchiveError("archive.conflict", "Archive member {} is not a file, but has content.", name)
        elif is_folder:
            self._tree.add_folder(name)
        elif header.islnk() or header.issym():
            self._check_link(header, self._pax.get("linkpath", self._extended.get(_LONG_LINK, link)), name)
        elif header.type in _DEVICES:
            self._tree.add_file(name)
            self._report.add("archive.device", "Archive member {} is a device.", name)
        elif header.type != _LABEL:
            self._report.add("archive.special_member", "Archive member {} is a pipe or of unknown type.", name)
        self._skip(_padded(size))

    def _checked_name(self, block: bytes) -> str:
        """Return the name that applies, after checking every name that some reader may use instead."""
        plain = block[:100].partition(b"\0")[0]
        prefix = block[345:500].partition(b"\0")[0]
        prefixed = prefix + b"/" + plain if prefix else plain
        # Only POSIX archives have a prefix. GNU tar keeps times in its place, but some readers do not know that.
        own = [prefixed] if block[257:263] == tarfile.POSIX_MAGIC[:6] else [plain, prefixed]
        pax = [self._pax[key] for key in ("GNU.sparse.name", "path") if key in self._pax]
        names = pax + [value for kind, value in self._extended.items() if kind == _LONG_NAME] + own
        name = readings(names[0])[0]
        self._report.count_member(len(names[0]))
        self._up_to_nul(block[:100], name)
        if not all(map(is_utf8, pax)) and self._pax.get("hdrcharset") != b"BINARY":
            self._report.add("archive.name_encoding", "The name of archive member {} is not UTF-8.", name)
        check_names(self._report, *names)
        return name

    def _size(self, header: TarInfo, name: str) -> int:
        """Return the size of the content in bytes. If readers disagree on it, they find different next members."""
        size = parse_decimal(self._pax["size"]) if "size" in self._pax else header.size
        if size != header.size and size <= _MAX_OCTAL_SIZE:
            raise ArchiveError("archive.conflict", "Archive member {} has two different sizes.", name)
        return size

    def _check_file(self, header: TarInfo, block: bytes, name: str) -> None:
        self._tree.add_file(name)
        if header.mode & (stat.S_ISUID | stat.S_ISGID):
            self._report.add("archive.setuid", "Archive member {} would run with the rights of its owner.", name)
        # A sparse file has almost no content in the archive, but takes its real size on the disk of many readers.
        sizes = [0, *(parse_decimal(self._pax[key]) for key in _REAL_SIZE_KEYS if key in self._pax)]
        if header.type == tarfile.GNUTYPE_SPARSE:
            sizes.append(sparse_size(block))
            has_more = block[482]
            while has_more:
                has_more = self._read_block()[504]
        self._sparse_bytes += max(sizes)

    def _check_link(self, header: TarInfo, target: bytes, name: str) -> None:
        if len(target) > (limit := self._report.limits.max_name_bytes):
            self._report.add("archive.name_too_long", f"The target of link {{}} has more than {limit} bytes.", name)
        elif header.islnk():
            self._tree.add_hardlink(name, readings(target)[-1])
        else:
            self._tree.add_symlink(name, readings(target)[-1])


def _padded(size: int) -> int:
    return -(-size // BLOCKSIZE) * BLOCKSIZE
