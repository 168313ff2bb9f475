"""The parts that artifacts are built of."""

from __future__ import annotations

import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.files.inspection.archive_recipes import Member, TarMember, Zip, build_tar, streamed

STORED = zipfile.ZIP_STORED
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
MZ = b"MZ\x90\0" + bytes(56) + struct.pack("<L", 64) + b"PE\0\0" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
SQUASHFS = b"hsqs" + bytes(92)


@dataclass(frozen=True)
class Artifact:
    build: Callable[[], bytes]
    codes: frozenset[str] = frozenset()


def warned(build: Callable[[], bytes], *kinds: str) -> Artifact:
    return Artifact(build, frozenset(f"archive.{kind}" for kind in kinds))


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def tar(*members: TarMember, end: bytes = bytes(1024)) -> bytes:
    return build_tar(*members, end=end)


def folder(name: str) -> TarMember:
    return TarMember(name.encode(), type=b"5", mode=0o755)


def plain(name: str, content: bytes = b"content", mode: int = 0o644) -> TarMember:
    return TarMember(name.encode(), content, mode=mode)


def symlink(name: str, target: str) -> TarMember:
    return TarMember(name.encode(), type=b"2", link=target.encode(), mode=0o777)


def hardlink(name: str, target: str) -> TarMember:
    return TarMember(name.encode(), type=b"1", link=target.encode())


def zipped_link(name: str, target: str) -> Member:
    return Member(name.encode(), target.encode(), method=0, mode=0o120777)


def streamed_member(name: str) -> Member:
    return streamed(name=name.encode())


def ar(*members: tuple[str, bytes]) -> bytes:
    """Return a Unix `ar` archive, the container of Debian packages and static libraries."""
    out = b"!<arch>\n"
    for name, content in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        out += content + b"\n" * (len(content) % 2)
    return out


def cpio(*names: str) -> bytes:
    """Return a cpio archive in the portable ASCII format, as in RPM packages and initial RAM disks."""
    out = b""
    for name in (*names, "TRAILER!!!"):
        content = b"" if name == "TRAILER!!!" else b"content"
        numbers = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return out


def zstd(content: bytes) -> bytes:
    """Return a Zstandard frame with one raw block."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<L", len(content)) + _zstd_block(content)


def _zstd_block(content: bytes) -> bytes:
    return (len(content) << 3 | 1).to_bytes(3, "little") + content


def xz(content: bytes, dictionary_bytes: int = 1 << 16) -> bytes:
    packed = lzma.compress(content, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16}])
    if dictionary_bytes == 1 << 16:
        return packed
    # A packer needs memory for its whole dictionary. The header that states the size is written here instead:
    # byte 16 is the size, bytes 20 to 24 are the checksum of the block header.
    code = 2 * (dictionary_bytes.bit_length() - 13) + 0
    header = packed[12:16] + bytes([code]) + packed[17:20]
    return packed[:12] + header + struct.pack("<L", zlib.crc32(header)) + packed[24:]


def bgzip(content: bytes) -> bytes:
    """Return blocks of gzip with an extra field, and the empty last block, as bgzip writes them for random access."""
    blocks = []
    for piece in (content[:700], content[700:], b""):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        data = packer.compress(piece) + packer.flush()
        size = len(data) + 25
        head = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff\x06\0BC\x02\0" + struct.pack("<H", size)
        blocks.append(head + data + struct.pack("<2L", zlib.crc32(piece), len(piece)))
    return b"".join(blocks)


def encoded_names(encoding: str, *names: str) -> bytes:
    """Return an archive of a program that writes names in the code page of its system."""
    return Zip([Member(name.encode(encoding)) for name in names]).build()
