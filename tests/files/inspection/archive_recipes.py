"""Archives made by hand, as no library would write them, and from the recipes of the corpus."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "corpora" / "archive_members.json").read_text("utf-8")
)["cases"]
MIB = 1024 * 1024
UTF8_FLAG = 0x800


@dataclass
class Member:
    """One member of a zip; what is None is worked out from the rest."""

    name: bytes = b"a.txt"
    content: bytes = b"0123456789"
    method: int = 8
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    local_extra: bytes = b""
    local_name: bytes | None = None
    data: bytes | None = None
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    local_sizes: tuple[int, int, int] | None = None
    offset: int | None = None
    descriptor: bytes | None = None
    is_hidden: bool = False
    part: int = 0
    comment: bytes = b""

    def packed_data(self) -> bytes:
        return self.data if self.data is not None else pack(self.content, self.method)

    def sizes(self) -> tuple[int, int, int]:
        """Checksum, packed, unpacked."""
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        packed = len(self.packed_data()) if self.packed is None else self.packed
        return crc, packed, len(self.content) if self.size is None else self.size


@dataclass
class Zip:
    members: list[Member] = field(default_factory=list)
    comment: bytes = b""
    prefix: bytes = b""
    is_prefix_counted: bool = True
    before_directory: bytes = b""
    suffix: bytes = b""
    count: int | None = None
    directory_offset: int | None = None
    has_zip64_end: bool = False
    zip64_part: int = 0
    zip64_parts: int | None = None
    zip64_count: int | None = None
    zip64_offset: int | None = None

    def build(self) -> bytes:
        out, offsets = bytearray(self.prefix), []
        base = 0 if self.is_prefix_counted else len(self.prefix)
        for member in self.members:
            offsets.append(len(out) - base if member.offset is None else member.offset)
            out += local_header(member) + member.packed_data() + (member.descriptor or b"")
        out += self.before_directory
        start = len(out)
        listed = [(member, at) for member, at in zip(self.members, offsets, strict=True) if not member.is_hidden]
        for member, at in listed:
            out += directory_header(member, at)
        return bytes(out) + self._end(len(listed), len(out) - start, start - base)

    def _end(self, listed: int, length: int, start: int) -> bytes:
        count = listed if self.count is None else self.count
        offset = start if self.directory_offset is None else self.directory_offset
        large = b""
        if self.has_zip64_end:
            real = count if self.zip64_count is None else self.zip64_count
            at = start + length if self.zip64_offset is None else self.zip64_offset
            part, parts = self.zip64_part, self.zip64_part + 1 if self.zip64_parts is None else self.zip64_parts
            large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, part, part, real, real, length, offset)
            large += struct.pack("<4sLQL", b"PK\x06\x07", part, at, parts)
            count, length, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
        part = 0xFFFF if self.zip64_part else 0
        return large + end_record(count, length, offset, self.comment, part=part) + self.suffix


def end_record(count: int = 0, length: int = 0, offset: int = 0, comment: bytes = b"", *, part: int = 0) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\x05\x06", part, part, count, count, length, offset, len(comment)) + comment


def local_header(member: Member) -> bytes:
    name = member.name if member.local_name is None else member.local_name
    crc, packed, size = member.sizes() if member.local_sizes is None else member.local_sizes
    lengths = len(name), len(member.local_extra)
    fixed = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, member.flags, member.method, 0, 33, crc, packed, size, *lengths)
    return fixed + name + member.local_extra


def directory_header(member: Member, offset: int) -> bytes:
    crc, packed, size = member.sizes()
    fixed = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 0x0314, 20, member.flags, member.method, 0, 33, crc, packed, size),
        *(len(member.name), len(member.extra), len(member.comment), member.part, 0, member.mode << 16, offset),
    )
    return fixed + member.name + member.extra + member.comment


def pack(content: bytes, method: int = 8) -> bytes:
    if method != 8:
        return content
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def extra_field(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + value


def unicode_path(raw_name: bytes, name: str) -> bytes:
    return extra_field(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(raw_name)) + name.encode())


def streamed(content: bytes = b"0123456789", name: bytes = b"a.txt", **changes: Any) -> Member:
    """A member whose sizes follow its content, as writers make it that cannot go back."""
    member = Member(name=name, content=content, flags=0x8, local_sizes=(0, 0, 0), **changes)
    member.descriptor = struct.pack("<4s3L", b"PK\x07\x08", *Member(name=name, content=content).sizes())
    return member


def quoted_overlap(count: int, content_bytes: int) -> bytes:
    """Each member holds all later ones: a stored block quotes the next header, then the next content goes on."""
    content, data = bytes(content_bytes), pack(bytes(content_bytes))
    members: list[Member] = []
    for index in reversed(range(count)):
        member = Member(name=b"o%d" % index, content=content, data=data)
        members.insert(0, member)
        quoted = local_header(member)
        content = quoted + content
        data = struct.pack("<BHH", 0, len(quoted), len(quoted) ^ 0xFFFF) + quoted + data
    out = local_header(members[0]) + (members[0].data or b"")
    directory, at = b"", 0
    for member in members:
        directory += directory_header(member, at)
        at += len(local_header(member)) + 5
    return out + directory + end_record(count, len(directory), len(out))


def zip_with(*names: str, **changes: Any) -> bytes:
    return Zip([Member(name=name.encode(), **changes) for name in names]).build()


@dataclass
class TarMember:
    """`pax` and `long_name` come as headers of their own before it."""

    name: bytes = b"a.txt"
    content: bytes = b"0123456789"
    type: bytes = b"0"
    link: bytes = b""
    mode: int = 0o644
    size: int | None = None
    prefix: bytes = b""
    magic: bytes = b"ustar\x0000"
    pax: dict[str, bytes] | bytes | None = None
    global_pax: dict[str, bytes] | None = None
    long_name: bytes | None = None
    long_link: bytes | None = None
    at_483: bytes = b""
    fields: dict[int, bytes] = field(default_factory=dict)

    def build(self) -> bytes:
        out = b""
        if self.global_pax is not None:
            out += _block(TarMember(name=b"g", type=b"g"), pax_records(self.global_pax))
        if self.pax is not None:
            out += _block(TarMember(name=b"x", type=b"x"), pax_records(self.pax))
        if self.long_name is not None:
            out += _block(TarMember(name=b"././@LongLink", type=b"L"), self.long_name + b"\0")
        if self.long_link is not None:
            out += _block(TarMember(name=b"././@LongLink", type=b"K"), self.long_link + b"\0")
        return out + _block(self, self.content if self.type in (b"0", b"\0", b"7", b"S") else b"")


def _block(member: TarMember, content: bytes) -> bytes:
    size = len(content) if member.size is None else member.size
    number = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    block = bytearray(512)
    for at, value in (
        *((0, member.name), (100, b"%07o\0" % member.mode), (108, b"0000000\0" * 2), (124, number)),
        *((136, b"%011o\0" % 0), (156, member.type), (157, member.link), (257, member.magic)),
        *((345, member.prefix), (483, member.at_483), *member.fields.items()),
    ):
        block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content + bytes(-len(content) % 512)


def pax_records(records: dict[str, bytes] | bytes) -> bytes:
    if isinstance(records, bytes):
        return records
    return b"".join(pax_record(key.encode(), value) for key, value in records.items())


def pax_record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest + len(str(rest))))
    return b"%d %s=%s\n" % (length, key, value)


def build_tar(*members: TarMember, end: bytes = bytes(1024)) -> bytes:
    return b"".join(member.build() for member in members) + end


def build_case(case: dict[str, Any], folder: Path) -> Path:
    """The file of a case of the corpus."""
    kind = case["kind"]
    path = folder / {"polyglot": "case.zip", "text": "case.zip"}.get(kind, f"case.{kind}")
    if kind == "text":
        path.write_text("This is plain text.\n" * 10)
    elif kind == "tar.gz":
        with path.open("wb") as handle:
            for member in case["members"]:
                _write_packed_tar_member(handle, member)
            handle.write(gzip.compress(bytes(1024)))
    else:
        path.write_bytes(_zip_case(case))
    return path


def _write_packed_tar_member(handle: io.BufferedWriter, member: dict[str, Any]) -> None:
    """Zeros are packed once for each 64 MiB, and the same bytes written again and again."""
    types = {"fifo": b"6", "char": b"3", "block": b"4", "dir": b"5"}
    kind = types.get(member.get("type", ""), b"1" if "hardlink" in member else b"2" if "link" in member else b"0")
    size = member["size"] if kind == b"0" else 0
    header = TarMember(
        name=member["name"].encode(),
        content=b"",
        type=kind,
        size=size,
        link=member.get("hardlink", member.get("link", "")).encode(),
        mode=int(member.get("mode", "644"), 8),
    )
    handle.write(gzip.compress(header.build()))
    whole, rest = divmod(-(-size // 512) * 512, 64 * MIB)
    piece = gzip.compress(bytes(64 * MIB), 6) if whole else b""
    for _ in range(whole):
        handle.write(piece)
    handle.write(gzip.compress(bytes(rest)))


def _zip_case(case: dict[str, Any]) -> bytes:
    if any(member.get("overlap") for member in case["members"]):
        return quoted_overlap(case["members"][0]["repeat"], case["members"][0]["size"])
    made = Zip([_zip_member(member) for member in case["members"]])
    if case["note"].startswith("fake end record"):
        made.comment = b"hello " + end_record()
    if case["note"].startswith("append"):
        made.suffix = b"x" * 100
    if case["kind"] == "polyglot":
        made.prefix = b"%PDF-1.7\n%%EOF\n"
    return made.build()


def _zip_member(recipe: dict[str, Any]) -> Member:
    name = bytes.fromhex(recipe["raw_name_hex"]) if "raw_name_hex" in recipe else recipe["name"].encode()
    is_utf8 = "raw_name_hex" in recipe or not name.isascii()
    member = Member(
        name=name,
        content=_content(recipe),
        method=recipe.get("method", 8),
        flags=(UTF8_FLAG if is_utf8 else 0) | (1 if recipe.get("encrypted") else 0),
        mode=0o120777 if "link" in recipe else int(recipe.get("mode", "100644"), 8),
    )
    member.data = member.packed_data()  # packed once: it is large in some cases
    if "local_name" in recipe:
        member.local_name = recipe["local_name"].encode()
    if "unicode_path" in recipe:
        member.extra = unicode_path(name, recipe["unicode_path"])
    if recipe.get("encrypted"):
        member.data = b"e" * 12 + member.packed_data()
    return member


def _content(recipe: dict[str, Any]) -> bytes:
    if "link" in recipe:
        return str(recipe["link"]).encode()
    if recipe.get("fill") == "nested_bomb":
        return zip_with("z.bin", content=bytes(recipe["size"] * 20))
    if recipe.get("fill") == "zero":
        return bytes(recipe["size"])
    return (recipe.get("content", "0123456789") * (recipe["size"] // 10 + 1)).encode()[: recipe["size"]]


def tar_by_library(files: dict[str, bytes], *, mode: str = "w", format_: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format_) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_by_library(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
