"""Inspection of tar archives. The headers are read one after the other, and none of them is kept in memory."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field

from files.inspection.archives.findings import ArchiveError, Report
from files.inspection.archives.members import Tree, check_name, readings
from files.inspection.archives.streams import CHUNK_BYTES, Source

BLOCK_BYTES = 512
_MAX_EXTENDED_BYTES = 1024 * 1024
_MAX_OCTAL_SIZE = 0o77777777777
_EMPTY = bytes(BLOCK_BYTES)
_RECORD_LENGTH = re.compile(rb"([1-9][0-9]{0,8}) ")
_LINK, _SYMLINK, _FOLDER, _SPARSE, _LABEL = b"1", b"2", b"5", b"S", b"V"
_FILES = frozenset({b"\0", b"0", b"7", _SPARSE})
_SINGLE_KEYS = frozenset({"path", "linkpath", "size"})
_REAL_SIZE_KEYS = ("GNU.sparse.realsize", "GNU.sparse.size", "SCHILY.realsize")


@dataclass(frozen=True, slots=True)
class Header:
    """A header block. Names end at their first NUL byte, and sizes are in bytes.

    `is_clean` is False if a name continues after its NUL byte, because some readers would use the rest of it.
    """

    name: bytes
    prefix: bytes
    link: bytes
    mode: int
    size: int
    type: bytes
    is_posix: bool
    is_clean: bool
    block: bytes


def looks_like_tar(block: bytes) -> bool:
    """Return True if the block is a tar header, whatever the name of the file: `ustar` and a correct checksum."""
    return len(block) == BLOCK_BYTES and block[257:262] == b"ustar" and _has_right_checksum(block)


def parse_header(block: bytes) -> Header:
    """Parse a header block.

    Raises:
        ArchiveError: The checksum is wrong, or a number is invalid.
    """
    if not _has_right_checksum(block):
        raise ArchiveError("archive.unreadable", "A header is damaged: its checksum is wrong.")
    for number in block[108:116], block[116:124], block[136:148]:  # owner, group, time; 0xFF marks a negative number
        if number[0] != 0xFF:
            _number(number)
    fields = block[:100], block[157:257]
    name, link = (_up_to_nul(value) for value in fields)
    return Header(
        name=name,
        prefix=_up_to_nul(block[345:500]),
        link=link,
        mode=_number(block[100:108]),
        size=_number(block[124:136]),
        type=block[156:157],
        is_posix=block[257:263] == b"ustar\0",
        is_clean=not any(value[len(_up_to_nul(value)) :].strip(b"\0") for value in fields),
        block=block,
    )


def parse_pax(data: bytes, report: Report) -> dict[str, bytes]:
    """Parse the records `LENGTH KEY=VALUE\\n` of an extended header (POSIX pax, "pax Extended Header").

    Raises:
        ArchiveError: A record is damaged, or a key that must be unique has two values.
    """
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
        if name in _SINGLE_KEYS and name in records:
            raise ArchiveError("archive.conflict", f"An extended header has two values for {name}.")
        records[name] = value
        at = end
    return records


def _has_right_checksum(block: bytes) -> bool:
    """Return True if the checksum is right. Some old tools add up the bytes as signed numbers, so both sums count."""
    try:
        stored = _number(block[148:156])
    except ArchiveError:
        return False
    rest = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest) if not rest.isascii() else sum(rest)
    return stored in {sum(rest), signed}


def _up_to_nul(value: bytes) -> bytes:
    return value.partition(b"\0")[0]


def _number(value: bytes) -> int:
    """Return a number of a header: octal digits, or base 256 if the first byte is 0x80.

    Raises:
        ArchiveError: The number is invalid or negative.
    """
    if value[0] == 0x80:
        return int.from_bytes(value[1:], "big")
    digits = _up_to_nul(value).strip(b" ")
    if digits.strip(b"01234567"):
        raise ArchiveError("archive.unreadable", "A header is damaged: a field that must hold a number does not.")
    return int(digits or b"0", 8)


@dataclass
class _Extended:
    """The content of the extended headers before a member, which override fields of its own header."""

    pax: dict[str, bytes] = field(default_factory=dict)
    name: bytes | None = None
    link: bytes | None = None
    seen: set[bytes] = field(default_factory=set)


class TarInspector:
    """An inspection of all headers of `source`. `packed_bytes` is the size of the whole file."""

    def __init__(self, source: Source, report: Report, packed_bytes: int) -> None:
        self._source = source
        self._report = report
        self._packed_bytes = packed_bytes
        self._sparse_bytes = 0
        self._tree = Tree(report, ignore_case=False)
        self._extended = _Extended()

    def run(self) -> None:
        """Inspect the archive and add the findings to the report.

        Raises:
            ArchiveError: The archive cannot be read any further.
            EnoughFindings: The report is full.
            TooManySteps: The limit of steps is exceeded.
        """
        while (block := self._read_block()) != _EMPTY:
            header = parse_header(block)
            if header.type in b"xXgLK":
                self._read_extended(header)
            else:
                self._check_member(header, self._extended)
                self._extended = _Extended()
        if self._extended.seen:
            raise ArchiveError("archive.truncated", "It ends before the member that an extended header is about.")
        self._check_rest()
        self._tree.check_links()

    def _read_block(self) -> bytes:
        block = self._source.read(BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            raise ArchiveError("archive.truncated", "It ends without an end mark.")
        return block

    def _read_extended(self, header: Header) -> None:
        if header.size > _MAX_EXTENDED_BYTES:
            raise ArchiveError("archive.unreadable", "An extended header is too large.")
        data = self._source.read(_padded(header.size))[: header.size]
        if len(data) < header.size:
            raise ArchiveError("archive.truncated", "It ends within an extended header.")
        if header.type in self._extended.seen:
            raise ArchiveError("archive.conflict", "A member has two extended headers of one kind.")
        if header.type == b"g":
            self._check_global(parse_pax(data, self._report))
            return
        self._extended.seen.add(header.type)
        if header.type == b"L":
            self._extended.name = self._long_name(data)
        elif header.type == b"K":
            self._extended.link = self._long_name(data)
        else:
            self._extended.pax = parse_pax(data, self._report)

    def _long_name(self, data: bytes) -> bytes:
        name = _up_to_nul(data)
        if data[len(name) :].strip(b"\0"):
            self._report.add("archive.control_characters", "A long name goes on after its end.", readings(name)[0])
        return name

    def _check_global(self, records: dict[str, bytes]) -> None:
        self._report.count_member(0)
        if _SINGLE_KEYS & records.keys():
            raise ArchiveError("archive.conflict", "It gives all members the same name, link or size.")

    def _check_member(self, header: Header, extended: _Extended) -> None:
        name = self._checked_name(header, extended)
        size = self._size(header, extended, name)
        if not header.is_clean:
            self._report.add("archive.control_characters", "The member's name goes on after its end.", name)
        is_folder = header.type == _FOLDER or (header.type in _FILES and name.endswith("/"))
        if header.type in _FILES and not is_folder:
            self._check_file(header, extended, name)
        elif size:
            raise ArchiveError("archive.conflict", "The member is no file, but has content.", name)
        elif is_folder:
            self._tree.add_folder(name)
        elif header.type in (_LINK, _SYMLINK):
            self._check_link(header, extended, name)
        elif header.type != _LABEL:
            self._report.add("archive.special_member", "The member is a device, a pipe or of unknown kind.", name)
        self._source.skip(_padded(size))

    def _checked_name(self, header: Header, extended: _Extended) -> str:
        """Return the name that applies, after checking every name that some reader may use instead."""
        prefixed = header.prefix + b"/" + header.name if header.prefix else header.name
        own = prefixed if header.is_posix else header.name
        # In order of precedence. Readers differ in the extensions that they know, so all of the names are checked.
        names = [extended.pax.get("GNU.sparse.name"), extended.pax.get("path"), extended.name, own]
        given = [name for name in names if name is not None]
        self._report.count_member(len(given[0]))
        if not header.is_posix and header.prefix:
            given.append(prefixed)
        if extended.pax.get("hdrcharset") != b"BINARY":
            self._check_utf8(*names[:2])
        for reading in dict.fromkeys(reading for raw in given for reading in readings(raw)):
            if not check_name(self._report, reading):
                break
        return readings(given[0])[0]

    def _check_utf8(self, *names: bytes | None) -> None:
        for name in names:
            try:
                (name or b"").decode()
            except UnicodeDecodeError:
                self._report.add("archive.name_encoding", "The member's name is not UTF-8.", readings(name or b"")[0])

    def _size(self, header: Header, extended: _Extended, name: str) -> int:
        """Return the size of the content in bytes.

        Raises:
            ArchiveError: Two sizes contradict each other, so readers could disagree on where the next member starts.
        """
        if "size" not in extended.pax:
            return header.size
        size = _decimal(extended.pax["size"])
        if size != header.size and size <= _MAX_OCTAL_SIZE:
            raise ArchiveError("archive.conflict", "The member has two different sizes.", name)
        return size

    def _check_file(self, header: Header, extended: _Extended, name: str) -> None:
        self._tree.add_file(name)
        if header.mode & (stat.S_ISUID | stat.S_ISGID):
            self._report.add("archive.setuid", "The member would run with the rights of its owner (setuid).", name)
        # A sparse file has almost no content in the archive, but takes its real size on the disk of many readers.
        sizes = [_decimal(extended.pax[key]) for key in _REAL_SIZE_KEYS if key in extended.pax]
        if header.type == _SPARSE:
            sizes.append(_number(header.block[483:495]))
            self._skip_sparse_map(header.block[482])
        self._sparse_bytes += max(sizes, default=0)
        self._report.check_sizes(self._sparse_bytes, self._packed_bytes)

    def _skip_sparse_map(self, goes_on: int) -> None:
        while goes_on:
            goes_on = self._read_block()[504]

    def _check_link(self, header: Header, extended: _Extended, name: str) -> None:
        targets = [extended.pax.get("linkpath"), extended.link, header.link]
        target = next(raw for raw in targets if raw is not None)
        if len(target) > self._report.limits.max_name_bytes:
            self._report.add("archive.name_too_long", "The link's target is too long.", name)
        elif header.type == _LINK:
            self._tree.add_hardlink(name, readings(target)[-1])
        else:
            self._tree.add_symlink(name, readings(target)[-1])

    def _check_rest(self) -> None:
        while data := self._source.read(CHUNK_BYTES):
            if data.strip(b"\0"):
                raise ArchiveError("archive.trailing_data", "It has other data after its end mark.")


def _padded(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _decimal(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,20}", value):
        raise ArchiveError("archive.unreadable", "An extended header is damaged: a size is no number.")
    return int(value)
