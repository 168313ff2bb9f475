"""Unusual but valid forms of zip and tar archives, and of compression."""

from __future__ import annotations

import struct

from tests.data.artifacts.building import STORED, Artifact, bgzip, encoded_names, gz, plain, tar, warned, xz, zstd
from tests.data.artifacts.systems import msix
from tests.files.inspection.archive_recipes import (
    Member,
    TarMember,
    Zip,
    extra_field,
    pax_record,
    streamed,
    zip_by_library,
)


def aes_zip() -> bytes:
    extra = extra_field(0x9901, struct.pack("<H2sBH", 2, b"AE", 3, 8))
    return Zip([Member(method=99, flags=1, data=bytes(40), extra=extra, local_extra=extra)]).build()


def stamped_zip() -> bytes:
    """Return members with the extra fields of Unix and Windows, which are longer in the local header."""
    times, owner = struct.pack("<B2L", 3, 0, 0), extra_field(0x7875, b"\x01\x04" + bytes(4) + b"\x04" + bytes(4))
    ntfs = extra_field(0x0A, bytes(4) + struct.pack("<2H", 1, 24) + bytes(24))
    extra = extra_field(0x5455, times[:5]) + owner + ntfs
    return Zip([Member(extra=extra, local_extra=extra_field(0x5455, times) + owner), Member(b"./b/c.txt")]).build()


def streamed_stored() -> bytes:
    member = streamed(method=0)
    member.descriptor = struct.pack("<4s3L", b"PK\x07\x08", *member.sizes())
    return Zip([member, Member(b"b.txt")]).build()


def unsigned_descriptor() -> bytes:
    """Return a streamed member whose descriptor lacks the optional signature."""
    member = streamed()
    member.descriptor = (member.descriptor or b"")[4:]
    return Zip([member, Member(b"b.txt")]).build()


def gnu_long() -> bytes:
    deep = b"folder-with-a-long-name/" * 20 + b"file.txt"
    return tar(TarMember(deep[:100], long_name=deep), TarMember(b"l", type=b"2", link=b"x" * 100, long_link=b"x" * 200))


def v7_tar() -> bytes:
    return tar(TarMember(b"dir/", b"", magic=b"", type=b"\0", mode=0o755), TarMember(b"dir/a", magic=b"", type=b"\0"))


def git_tar() -> bytes:
    """Return a source archive with the commit in a global header, and file names as pax headers."""
    name = ("gr\u00f6\u00dfe/" * 20 + "a.txt").encode()
    return tar(TarMember(b"tool/a", global_pax={"comment": b"ab" * 20}), TarMember(b"tool/b", pax={"path": name}))


def solaris_pax() -> bytes:
    """Return extended headers with records of vendors, which are unknown to most readers."""
    records = {"SUN.holesdata": b" 0 10", "RHT.security.selinux": b"system_u:object_r:bin_t:s0\0", "GNU.x": b""}
    return tar(TarMember(pax=b"".join(pax_record(key.encode(), value) for key, value in records.items())))


def isolated_end() -> bytes:
    return tar(plain("a"), plain("b"), end=bytes(512))


def many_members() -> bytes:
    return zip_by_library({f"node_modules/p{number}/index.js": b"" for number in range(2000)}, STORED)


FORMS: dict[str, Artifact] = {
    # Forms of zip
    "empty.zip": Artifact(lambda: zip_by_library({})),
    "zip64.zip": Artifact(msix),
    "streamed-stored.zip": Artifact(streamed_stored),
    "streamed-unsigned.zip": Artifact(unsigned_descriptor),
    "extra-fields.zip": Artifact(stamped_zip),
    "shift-jis.zip": Artifact(
        lambda: encoded_names("shift_jis", "\u8868.txt", "\u30bd\u30d5\u30c8/\u4e88\u5b9a\u8868.txt")
    ),
    "gbk.zip": Artifact(lambda: encoded_names("gbk", "\u8bf4\u660e.txt", "\u8f6f\u4ef6/\u94ed\u754c\u7be0.txt")),
    "cp866.zip": Artifact(lambda: encoded_names("cp866", "\u0447\u0438\u0442\u0430\u0439.txt")),
    "aes.zip": warned(aes_zip, "encrypted"),
    "deflate64.zip": Artifact(lambda: Zip([Member(method=9, data=b"\x03\0")]).build()),
    "zstandard.zip": warned(lambda: Zip([Member(method=93, data=zstd(b"0123456789"))]).build(), "method"),
    "tool.zip.002": Artifact(lambda: bytes(range(256)) * 4),
    "tool.z01": Artifact(lambda: b"PK\x07\x08" + Zip([Member(), Member(b"b")]).build()[:60]),
    "tool.z140": warned(lambda: Zip([Member(), Member(b"b")]).build()[:60], "split"),
    "many-members.zip": Artifact(many_members),
    # Forms of tar and compression
    "bgzip.tar.gz": Artifact(lambda: bgzip(tar(plain("a", bytes(3000))))),
    "padded.tar.gz": Artifact(lambda: gz(tar(plain("a"))) + bytes(1000)),
    "large-dictionary.tar.xz": warned(lambda: xz(tar(plain("a")), 1 << 30), "memory"),
    "two-streams.tar.xz": Artifact(lambda: xz(tar(plain("a"), end=b"")) + bytes(8) + xz(tar(plain("b")))),
    "long-names.tar": Artifact(gnu_long),
    "v7.tar": Artifact(v7_tar),
    "source.tar": Artifact(git_tar),
    "vendor-records.tar": Artifact(solaris_pax),
    "one-end-block.tar": Artifact(isolated_end),
    "empty.tar.gz": Artifact(lambda: gz(bytes(10240))),
    "packed.tar": Artifact(lambda: gz(tar(plain("a")))),
    "unpacked.tar.gz": Artifact(lambda: tar(plain("a"))),
    "tool.7z": Artifact(lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(24)),
    "tool.rar": Artifact(lambda: b"Rar!\x1a\x07\x01\0" + bytes(20)),
    "tool.tar.lz4": Artifact(lambda: b"\x04\x22\x4d\x18" + bytes(12)),
    "tool.zst": Artifact(lambda: zstd(b"content")),
    "empty.bin": Artifact(lambda: b""),
}
