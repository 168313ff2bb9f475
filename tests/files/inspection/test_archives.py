import bz2
import gzip
import io
import lzma
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.inspection.archives import ArchiveLimits, decompression, inspect_archive, zip_content
from files.inspection.archives.report import ArchiveReport
from files.inspection.findings import Finding
from tests.files.inspection.archive_recipes import (
    CASES,
    MIB,
    UTF8_FLAG,
    Member,
    TarMember,
    Zip,
    build_case,
    build_tar,
    directory_header,
    end_record,
    extra_field,
    pack,
    quoted_overlap,
    streamed,
    tar_by_library,
    unicode_path,
    zip_by_library,
    zip_with,
)
from tests.speed import is_within

pytestmark = pytest.mark.embedded

# Nested archives are not opened.
ACCEPTED_ANYWAY = {"arch-v007"}


def packed(content: bytes, packing: str) -> bytes:
    """The same bytes each time: they stand in the names of tests."""
    ways = {"": bytes, "gz": partial(gzip.compress, mtime=0), "bz2": bz2.compress, "xz": lzma.compress}
    return ways[packing](content)


def packed_zeros(mebibytes: int, packing: str) -> bytes:
    """Pack 20 MiB once, and repeat the stream: all readers join the streams of a file."""
    assert mebibytes % 20 == 0
    ways = {"gz": partial(gzip.compress, mtime=0), "bz2": bz2.compress, "xz": partial(lzma.compress, preset=0)}
    return ways[packing](bytes(20 * MIB)) * (mebibytes // 20)


def codes(content: bytes, name: str = "a.zip", **limits: int) -> set[str]:
    return {found.code for found in inspect_archive(io.BytesIO(content), name, ArchiveLimits(**limits))}


def verdict(found: list[Finding]) -> str:
    if not found:
        return "accept"
    return "warn" if all(finding.is_warning for finding in found) else "reject"


def tar_codes(*members: TarMember) -> set[str]:
    return codes(build_tar(*members), "a.tar")


@contextmanager
def bounded(seconds: float = 5, memory_bytes: int = 256 * MIB) -> Iterator[None]:
    """Tracing makes Python about four times as slow: `seconds` allow for that."""
    tracemalloc.start()
    start = time.process_time()
    try:
        yield
        taken, peak_bytes = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < memory_bytes
    assert is_within(seconds, taken)


@contextmanager
def quick(seconds: float = 5) -> Iterator[None]:
    start = time.process_time()
    yield
    assert is_within(seconds, time.process_time() - start)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['title']!a}")
def test_archive_of_the_corpus_has_the_expected_verdict(case: dict[str, Any], tmp_path: Path) -> None:
    path = build_case(case, tmp_path)
    with path.open("rb") as handle, bounded():
        found = inspect_archive(handle, path.name)
    assert verdict(found) == ("accept" if case["id"] in ACCEPTED_ANYWAY else case["expect"]), found
    assert list(tmp_path.iterdir()) == [path]


HOSTILE_NAMES = {
    "archive.traversal": [
        *(
            "..",
            "../a",
            "a/../b",
            "./../a",
            "a/..",
            "..\\a",
            "a\\..\\..\\b",
            "a/..\\..\\b",
            ".. /a",
            "a/.../b",
            "a/ /b",
        ),
        *("a/..:x/b", "..::$INDEX_ALLOCATION/x", "%2e%2e/a", "%2E%2E%2Fa", "%252e%252e%252fa", "..%2fa", "..%5ca"),
        *("%c0%ae%c0%ae/a", "..%c0%afa", "%u002e%u002e/a", "\uff0e\uff0e/a", "..\uff0fa", "\u2025/a", "\u2024\u2024/a"),
        *("..\u2215a", "..\u2044a", "..\u29f5a"),
    ],
    "archive.absolute": [
        *("/a", "//a", "\\a", "\\\\host\\share\\a", "//host/share", "\\\\?\\C:\\a", "\\\\.\\pipe\\a", "C:a", "c:\\a"),
        *("C:/a", "./C:/a", "\uff23:a", "\uff0fetc", "%2fetc", "~/a", "a.txt::$DATA"),
    ],
    "archive.control_characters": [
        "a\x01",
        "a\x7f",
        "a\x1b[31m",
        "a\r",
        "a\tb",
        "a\u202egpj.exe",
        "a\u2028b",
        "a\u0085b",
    ],
    "archive.name_too_long": ["n" * 256, "d/" * 2100 + "a"],
}


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in HOSTILE_NAMES.items() for name in names])
def test_hostile_name_is_found_in_any_archive(code: str, name: str) -> None:
    raw = name.encode()
    assert (code in codes(Zip([Member(name=raw, flags=UTF8_FLAG)]).build())) or ":$" in name
    assert codes(Zip([Member(name=raw, flags=UTF8_FLAG)]).build())
    assert tar_codes(TarMember(pax={"path": raw}))
    assert tar_codes(TarMember(long_name=raw))
    if len(raw) <= 100:
        assert tar_codes(TarMember(name=raw))


@pytest.mark.parametrize("raw", [b"\xc0\xae\xc0\xae/a", b"..\xc0\xafa", b"..\xe0\x80\xafa", b"..\xc1\x9ca"])
def test_overlong_utf8_is_found(raw: bytes) -> None:
    assert codes(Zip([Member(name=raw)]).build()) == {"archive.traversal"}
    assert tar_codes(TarMember(name=raw)) == {"archive.traversal"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a..b/c..d",
            "..a",
            "a/..b/c..",
            ".hidden",
            "./a",
            "a//b",
            "a/./b",
            "100%",
            "100%25",
            "a%2Fb",
            "https%3A%2F%2Fa",
        ),
        *(
            "B::Deparse.3pm",
            "a/C:x",
            "system-a\\x2db.service",
            "~$report.docx",
            "\u65e5\u672c\u8a9e.txt",
            "e\u0301.txt",
        ),
        *("\U0001f469\u200d\U0001f52c.png", "\u2026and more", "con.c", "aux.h", "n" * 255, "[a]!@#^&()'+,;=.txt"),
    ],
)
def test_unusual_name_is_accepted(name: str) -> None:
    assert codes(zip_with(name, flags=UTF8_FLAG)) == set()
    assert tar_codes(TarMember(pax={"path": name.encode()})) == set()


def test_name_in_an_old_code_page_is_accepted() -> None:
    assert codes(Zip([Member(name="\u00fcber.txt".encode("cp437"))]).build()) == set()
    assert codes(zip_with("\u00fcber.txt")) == set()


def test_reported_member_name_is_short_and_printable() -> None:
    [found] = inspect_archive(io.BytesIO(zip_with("../\x1b\n" + "x" * 250)), "a.zip")
    assert found.member.startswith("../\\x1b\\n")
    assert len(found.member) == 200
    assert found.member.isprintable()


def test_at_most_twenty_findings_are_reported() -> None:
    names = [f"../{number}" for number in range(50)]
    assert len(inspect_archive(io.BytesIO(zip_with(*names)), "a.zip")) == 20


def test_warnings_do_not_hide_a_reason_to_reject() -> None:
    members = [Member(b"%d" % number, mode=0o104755) for number in range(50)]
    found = inspect_archive(io.BytesIO(Zip([*members, Member(b"../a")]).build()), "a.zip")
    assert len(found) == 20
    assert found[0].code == "archive.traversal"
    assert {finding.code for finding in found[1:]} == {"archive.setuid"}


def test_repeated_warnings_do_not_hide_another_kind() -> None:
    members = [Member(b"%d" % number, mode=0o104755) for number in range(50)]
    found = inspect_archive(io.BytesIO(Zip([*members, Member(b"a"), Member(b"A")]).build()), "a.zip")
    assert [finding.code for finding in found[:2]] == ["archive.setuid", "archive.similar_names"]
    assert len(found) == 20


def test_warnings_beyond_the_limit_take_no_memory() -> None:
    report = ArchiveReport(ArchiveLimits(max_findings=5))
    for number in range(50):
        report.add("archive.setuid", "Archive member {} would run with the rights of its owner.", str(number))
    assert len(report.findings) == 5


def test_decompression_stops_at_the_first_byte_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks: list[bytes] = []

    def decompress(*args: Any) -> Iterator[bytes]:
        for chunk in decompression.decompress(*args):
            chunks.append(chunk)
            yield chunk

    monkeypatch.setattr(zip_content, "decompress", decompress)
    assert codes(Zip([Member(content=bytes(10 * MIB), size=10)]).build()) == {"archive.conflict"}
    assert len(chunks) == 1


def link(name: str, target: str) -> Member:
    return Member(name.encode(), target.encode(), mode=0o120777, method=0)


UNUSED = Member(b"", b"", method=0, is_hidden=True, local_extra=bytes(9))
LYING_MEMBER = Member(b"b", content=bytes(5000), size=10)
LARGE_LZMA = Member(b"c", method=14, data=struct.pack("<HHBL", 9, 5, 93, 2**31) + b"x" * 20)


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("archive.setuid", [Member(mode=0o104755), LYING_MEMBER]),
        ("archive.encrypted", [Member(flags=1), LYING_MEMBER]),
        ("archive.memory", [LARGE_LZMA, Member(b"d"), LYING_MEMBER]),
        ("archive.similar_names", [Member(b"B.txt"), Member(b"b.txt"), LYING_MEMBER]),
        ("archive.bomb", [Member(size=2**31), Member(b"b", is_hidden=True), Member(b"c")]),
        ("archive.bomb", [Member(size=2**31), link("b", "../../x")]),
    ],
)
def test_inspection_of_a_zip_goes_on_after_a_warning(code: str, members: list[Member]) -> None:
    found = codes(Zip(members).build())
    assert code in found
    assert found & {"archive.conflict", "archive.hidden_member", "archive.link_outside"}


LIES: dict[str, tuple[str, bytes]] = {
    "local name": ("archive.conflict", Zip([Member(local_name=b"b.txt")]).build()),
    "local name with NUL": ("archive.conflict", Zip([Member(local_name=b"a.txt\0")]).build()),
    "local size": ("archive.conflict", Zip([Member(local_sizes=(1, 2, 3))]).build()),
    "smaller than it unpacks": ("archive.conflict", Zip([Member(content=bytes(5000), size=10)]).build()),
    "larger than it unpacks": ("archive.conflict", Zip([Member(size=5000)]).build()),
    "stored with two sizes": ("archive.conflict", Zip([Member(method=0, size=9)]).build()),
    "rest after the packed content": ("archive.conflict", Zip([Member(data=pack(b"0123456789") + b"PK")]).build()),
    "packed content cut": ("archive.conflict", Zip([Member(data=pack(b"0123456789")[:-2])]).build()),
    "checksum": ("archive.unreadable", Zip([Member(crc=1)]).build()),
    "content is noise": ("archive.unreadable", Zip([Member(data=b"\xff" * 20)]).build()),
    "no content": ("archive.conflict", Zip([Member(data=b"", method=8)]).build()),
    "descriptor": (
        "archive.conflict",
        Zip([streamed(), streamed(name=b"b")]).build().replace(b"PK\x07\x08", b"PK\x07\x08\x01", 1),
    ),
    "fewer in the directory": ("archive.conflict", Zip([Member(), Member(b"b")], count=1).build()),
    "more in the directory": ("archive.conflict", Zip([Member()], count=2).build()),
    "offset of the directory": ("archive.truncated", Zip([Member()], directory_offset=5000).build()),
    "offset of the directory, low": ("archive.conflict", Zip([Member()], directory_offset=3).build()),
    "offset of a member": ("archive.conflict", Zip([Member(offset=5)]).build()),
    "offset of a member, far": ("archive.conflict", Zip([Member(offset=0xFFFFFFF0)]).build()),
    "packed size too large": ("archive.overlap", Zip([Member(packed=5000), Member(b"b")]).build()),
    "one place for two": ("archive.overlap", Zip([Member(), Member(b"b", local_name=b"a.txt", offset=0)]).build()),
    "hidden member": ("archive.hidden_member", Zip([Member(), Member(b"b", is_hidden=True), Member(b"c")]).build()),
    "hidden last member": ("archive.hidden_member", Zip([Member(), Member(b"b", is_hidden=True)]).build()),
    "hidden first member": ("archive.prefix", Zip([Member(is_hidden=True), Member(b"b")]).build()),
    "hidden only member": ("archive.prefix", Zip([Member(is_hidden=True)]).build()),
    "hidden member after unused room": (
        "archive.hidden_member",
        Zip([Member(), UNUSED, Member(b"b", is_hidden=True), Member(b"c")]).build(),
    ),
    "hidden first member after unused room": (
        "archive.prefix",
        Zip([UNUSED, Member(is_hidden=True), Member(b"b")]).build(),
    ),
    "data in unused room": ("archive.prefix", Zip([replace(UNUSED, local_extra=b"%PDF-1.7"), Member()]).build()),
    "content in unused room": ("archive.prefix", Zip([replace(UNUSED, content=b"x"), Member()]).build()),
    "data after the end": ("archive.trailing_data", Zip([Member()], suffix=b"x").build()),
    "zip after zip": ("archive.conflict", zip_with("a") + zip_with("b")),
    "end in the comment": ("archive.conflict", Zip([Member()], comment=end_record()).build()),
    "end and more in the comment": ("archive.conflict", Zip([Member()], comment=end_record() + b"  ").build()),
    "comment cut": ("archive.trailing_data", Zip([Member()], comment=b"x" * 90).build()[:-1]),
    "comment too short": ("archive.trailing_data", end_record()[:-2] + b"\x01\0xx"),
    "part of several": ("archive.conflict", b"PK\x05\x06\x01" + bytes(17)),
    "prefix": ("archive.executable_prefix", Zip([Member()], prefix=b"MZ" * 50).build()),
    "prefix not counted": (
        "archive.executable_prefix",
        Zip([Member()], prefix=b"#!" * 50, is_prefix_counted=False).build(),
    ),
    "zip64 with another count": ("archive.conflict", Zip([Member()], has_zip64_end=True, zip64_count=2).build()),
    "zip64 at another place": ("archive.conflict", Zip([Member()], has_zip64_end=True, zip64_offset=0).build()),
    "zip64 with huge count": (
        "archive.too_many_members",
        Zip([Member()], has_zip64_end=True, zip64_count=2**60).build(),
    ),
    "zip64 with huge offset": (
        "archive.conflict",
        Zip([Member()], has_zip64_end=True, directory_offset=2**63, zip64_offset=100).build(),
    ),
    "zip64 of another part": ("archive.conflict", Zip([Member()], has_zip64_end=True, zip64_part=1).build()),
    "zip64 with another number of parts": (
        "archive.conflict",
        Zip([Member(part=1)], has_zip64_end=True, zip64_part=1, zip64_parts=3).build(),
    ),
    "zip64 of another part than the end record": (
        "archive.conflict",
        Zip([Member(part=1)], has_zip64_end=True, zip64_part=1).build()[:-18] + b"\2\0\2\0" + b"\xff" * 12 + bytes(2),
    ),
    "zip64 locator in the comment of a member": (
        "archive.conflict",
        Zip([Member(comment=b"PK\x06\x07" + bytes(16))], has_zip64_end=True).build(),
    ),
    "needs a newer program": (
        "archive.unreadable",
        Zip([Member()]).build().replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\x40"),
    ),
    "zip64 field too short": (
        "archive.unreadable",
        Zip([Member(size=0xFFFFFFFF, extra=extra_field(1, b"1234"))]).build(),
    ),
    "zip64 field twice": ("archive.conflict", Zip([Member(extra=extra_field(1, bytes(8)) * 2)]).build()),
    "zip64 size": (
        "archive.bomb",
        Zip([Member(size=0xFFFFFFFF, extra=extra_field(1, struct.pack("<Q", 2**62)))]).build(),
    ),
    "unicode path": ("archive.conflict", Zip([Member(extra=unicode_path(b"a.txt", "b.txt"))]).build()),
    "unicode path, local": ("archive.conflict", Zip([Member(local_extra=unicode_path(b"a.txt", "b.txt"))]).build()),
    "unicode path of an old name": (
        "archive.traversal",
        Zip([Member(b"\x81", extra=unicode_path(b"\x81", "../a"))]).build(),
    ),
    "encrypted": ("archive.encrypted", Zip([Member(flags=1)]).build()),
    "masked": ("archive.encrypted", Zip([Member(flags=0x2000)]).build()),
    "method": ("archive.method", Zip([Member(method=99)]).build()),
    "extra field too long": ("archive.unreadable", Zip([Member(extra=b"abcdefgh")]).build()),
    "same name": ("archive.duplicate", zip_with("a/b", "a/b")),
    "same name after dots": ("archive.duplicate", zip_with("a/b", "./a//b")),
    "same name by backslash": ("archive.duplicate", zip_with("a/b", "a\\b")),
    "same name but for case": ("archive.similar_names", zip_with("a/b", "A/B")),
    "same name but for composition": ("archive.similar_names", zip_with("\u00e9", "e\u0301", flags=UTF8_FLAG)),
    "same name but for a dot": ("archive.similar_names", zip_with("a", "a.")),
    "file and folder": ("archive.duplicate", zip_with("a/b", "a")),
    "below a file": ("archive.through_link", zip_with("a", "a/b")),
    "fifo": ("archive.special_member", Zip([Member(content=b"", mode=0o10644)]).build()),
    "device": ("archive.device", zip_with("a", mode=0o20644)),
    "setuid": ("archive.setuid", zip_with("a", mode=0o104755)),
    "setuid without kind": ("archive.setuid", zip_with("a", mode=0o4755)),
    "link for some": (
        "archive.conflict",
        Zip([Member(extra=extra_field(0x756E, b"1234\xff\xa1" + bytes(12)))]).build(),
    ),
    "link and folder": ("archive.conflict", zip_with("a/", mode=0o120777)),
    "name of the top": ("archive.name_empty", zip_with("./.")),
    "empty name": ("archive.name_empty", zip_with("")),
    "not UTF-8": ("archive.name_encoding", Zip([Member(b"\xff.txt", flags=UTF8_FLAG)]).build()),
    "NUL in front": ("archive.control_characters", Zip([Member(b"\0evil")]).build()),
}


@pytest.mark.parametrize("title", LIES)
def test_inconsistent_zip_header_is_found(title: str) -> None:
    code, content = LIES[title]
    assert code in codes(content)


@pytest.mark.parametrize(("count", "size"), [(2, 10), (80, MIB), (1000, 100)])
def test_overlapping_members_are_found(count: int, size: int) -> None:
    content = quoted_overlap(count, size)
    # Python either reads every member or names the first one: distributions backport the check of later releases.
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() in {None, "o0"}
    with bounded():
        assert codes(content) <= {"archive.overlap", "archive.bomb"} != set()


def sym(name: str, target: str) -> TarMember:
    return TarMember(name.encode(), type=b"2", link=target.encode())


def hard(name: str, target: str) -> TarMember:
    return TarMember(name.encode(), type=b"1", link=target.encode())


LINKS_OUT = [
    [("a", "/etc/passwd")],
    [("a", "../x")],
    [("a/b", "../../x")],
    [("a", "b/../../x")],
    [("a", "..\\x")],
    [("a", "C:\\x")],
    [("a", "\\\\host\\share")],
    [("a", "")],
    [("a", "x\ny")],
    [("a", "..")],
    [("a/b/c", "../.."), ("d", "a/b/c/../x")],
    [("deep/er/up", "../.."), ("out", "deep/er/up/../x")],
    [("out", "deep/er/up/../x"), ("deep/er/up", "../..")],
    [("a/b", "."), ("c", "a/b/../../x")],
    [("x/B", "."), ("c", "x/b/../..")],
    [("a", "b"), ("a/c", "d")],
    [("a/b/D", "../.."), ("a/b/d/s", "../../../x")],
]
THROUGH_ABSOLUTE_LINKS = [
    [sym("d", "/srv"), TarMember(b"d/x")],
    [sym("D", "/srv"), TarMember(b"d/x")],
    [sym("D", "/srv"), TarMember(b"d", type=b"5")],
    [sym("A", "/etc/passwd"), TarMember(b"a")],
    [sym("d", "/srv"), sym("e", "d"), TarMember(b"E/x")],
    [sym("d", "/srv"), hard("h", "d"), TarMember(b"H/x")],
    [sym("d", "/srv"), sym("e", "d/../x")],
]
LINKS_IN = [
    [("a", "b")],
    [("a/b", "../c")],
    [("a/b/c", "../../x/./y")],
    [("lib/a.so", "a.so.1"), ("lib/a.so.1", "a.so.1.2")],
    [("current", "v/1"), ("bin", "current/bin")],
    [("a", ".")],
    [("Versions/Current", "A"), ("Headers", "Versions/Current/Headers")],
    [("a", "system-a\\x2db.service")],
]


@pytest.mark.parametrize("links", LINKS_OUT)
def test_link_out_of_the_archive_is_found(links: list[tuple[str, str]]) -> None:
    assert codes(Zip([link(*pair) for pair in links]).build())
    assert codes(build_tar(*(sym(*pair) for pair in links)), "a.tar")


@pytest.mark.parametrize("members", THROUGH_ABSOLUTE_LINKS)
def test_write_through_an_absolute_link_is_rejected(members: list[TarMember]) -> None:
    assert verdict(inspect_archive(io.BytesIO(build_tar(*members)), "a.tar")) == "reject"


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("a.zip", [link("D", "/srv"), Member(b"d/x")]),
        ("a.zip", [Member(b"d/x"), link("D", "/srv")]),
        ("a.zip", [link("A", "/etc/passwd"), Member(b"a")]),
        ("a.zip", [link("d", "/etc/passwd"), link("e", "d"), Member(b"E")]),
        ("a.jar", [link("D", "/srv")]),
    ],
)
def test_write_through_an_absolute_link_in_a_zip_is_rejected(name: str, members: list[Member]) -> None:
    assert verdict(inspect_archive(io.BytesIO(Zip(members).build()), name)) == "reject"


def encrypted(member: Member) -> Member:
    return replace(member, flags=1)


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("a.zip", [encrypted(link("d", "e")), Member(b"d/x")]),
        ("a.zip", [encrypted(link("D", "e")), Member(b"d/x")]),
        ("a.zip", [encrypted(link("d", "e")), Member(b"D")]),
        ("a.zip", [encrypted(link("d", "e")), link("f", "d/../x")]),
        ("a.jar", [encrypted(link("d", "e"))]),
    ],
)
def test_write_through_an_encrypted_link_is_rejected(name: str, members: list[Member]) -> None:
    assert verdict(inspect_archive(io.BytesIO(Zip(members).build()), name)) == "reject"


def test_encrypted_link_is_a_warning() -> None:
    assert codes(Zip([encrypted(link("d", "../e")), Member(b"x")]).build()) == {"archive.encrypted"}


@pytest.mark.parametrize("links", LINKS_IN)
def test_link_inside_the_archive_is_accepted(links: list[tuple[str, str]]) -> None:
    assert codes(Zip([link(*pair) for pair in links]).build()) == set()
    assert tar_codes(*(sym(*pair) for pair in links)) == set()


@pytest.mark.parametrize("kind", ["link first", "file first"])
def test_member_behind_a_link_is_found(kind: str) -> None:
    members, tar_members = [link("d", "e"), Member(b"d/x")], [sym("d", "e"), TarMember(b"d/x")]
    step = 1 if kind == "link first" else -1
    assert codes(Zip(members[::step]).build())
    assert tar_codes(*tar_members[::step])


def test_zip_symlink_may_be_compressed_but_not_long() -> None:
    assert codes(zip_with("a", content=b"../x", mode=0o120777)) == {"archive.link_outside"}
    assert codes(zip_with("a", content=b"x" * 5000, mode=0o120777)) == {"archive.name_too_long"}
    assert codes(zip_with("a", content=b"x", mode=0o120777, method=9)) == {"archive.link_outside"}


TAR_LIES: dict[str, tuple[str, bytes]] = {
    "hard link out": ("archive.traversal", build_tar(hard("h", "../../etc/passwd"))),
    "hard link to nothing": ("archive.link_outside", build_tar(hard("h", "later"), TarMember(b"later"))),
    "hard link to itself": ("archive.link_outside", build_tar(hard("h", "h"))),
    "hard link to a link": ("archive.link_outside", build_tar(sym("a/b/s", "../../x"), hard("h", "a/b/s"))),
    "hard link through a link": ("archive.link_outside", build_tar(sym("d", "."), TarMember(b"x"), hard("h", "d/x"))),
    "hard link in place of a file": ("archive.duplicate", build_tar(TarMember(), TarMember(b"b"), hard("b", "a.txt"))),
    "pax link": ("archive.absolute_link", build_tar(TarMember(b"a", type=b"2", link=b"x", pax={"linkpath": b"/etc"}))),
    "long link": ("archive.absolute_link", build_tar(TarMember(b"a", type=b"2", link=b"x", long_link=b"/etc"))),
    "pax path": ("archive.traversal", build_tar(TarMember(pax={"path": b"../evil"}))),
    "pax path with NUL": ("archive.control_characters", build_tar(TarMember(pax={"path": b"a\0b"}))),
    "pax path not UTF-8": ("archive.name_encoding", build_tar(TarMember(pax={"path": b"\xff"}))),
    "pax path twice": ("archive.conflict", build_tar(TarMember(pax=b"9 path=a\n9 path=b\n"))),
    "path under a good pax path": ("archive.traversal", build_tar(TarMember(b"../evil", pax={"path": b"good"}))),
    "path under a good long name": ("archive.traversal", build_tar(TarMember(b"../evil", long_name=b"good"))),
    "prefix": ("archive.traversal", build_tar(TarMember(prefix=b"../.."))),
    "prefix without magic": ("archive.absolute", build_tar(TarMember(prefix=b"/etc", magic=b"ustar  \0"))),
    "sparse name": ("archive.traversal", build_tar(TarMember(pax={"path": b"a", "GNU.sparse.name": b"../a"}))),
    "global path": ("archive.conflict", build_tar(TarMember(global_pax={"path": b"a"}))),
    "global size": ("archive.conflict", build_tar(TarMember(global_pax={"size": b"0"}))),
    "pax size": ("archive.conflict", build_tar(TarMember(pax={"size": b"0"}))),
    "pax size huge": ("archive.truncated", build_tar(TarMember(pax={"size": b"9" * 18}))),
    "pax size negative": ("archive.unreadable", build_tar(TarMember(pax={"size": b"-1"}))),
    "pax broken": ("archive.unreadable", build_tar(TarMember(type=b"x", name=b"x", size=5)) + b"9 a=b"),
    "pax huge": ("archive.unreadable", build_tar(TarMember(name=b"x", type=b"x", size=2**40))),
    "long name huge": ("archive.unreadable", build_tar(TarMember(name=b"x", type=b"L", size=2**40))),
    "two pax headers": (
        "archive.conflict",
        build_tar(TarMember(pax={"a": b"1"}))[:1024] + build_tar(TarMember(pax={})),
    ),
    "pax of nothing": ("archive.truncated", build_tar(TarMember(pax={"a": b"1"}))[:1024] + bytes(1024)),
    "long name goes on": ("archive.control_characters", build_tar(TarMember(long_name=b"a\0b"))),
    "name goes on": ("archive.control_characters", build_tar(TarMember(b"evil\0.txt"))),
    "empty name": ("archive.name_empty", build_tar(TarMember(b"\0evil"))),
    "size with a sign": ("archive.unreadable", build_tar(TarMember(fields={124: b"-0000000010\0"}))),
    "size with a prefix": ("archive.unreadable", build_tar(TarMember(fields={124: b"0o000000012\0"}))),
    "size in base 256, negative": ("archive.unreadable", build_tar(TarMember(fields={124: b"\xff" * 12}))),
    "time with a sign": ("archive.unreadable", build_tar(TarMember(fields={136: b"-0000000001\0"}))),
    "size huge": ("archive.truncated", build_tar(TarMember(size=2**62))),
    "link with content": ("archive.conflict", build_tar(TarMember(type=b"2", link=b"x", size=512), TarMember(b"b"))),
    "folder with content": ("archive.conflict", build_tar(TarMember(b"a/", type=b"5", size=512), TarMember(b"b"))),
    "char device": ("archive.device", build_tar(TarMember(type=b"3"))),
    "block device": ("archive.device", build_tar(TarMember(type=b"4"))),
    "fifo": ("archive.special_member", build_tar(TarMember(type=b"6"))),
    "unknown kind": ("archive.special_member", build_tar(TarMember(type=b"Z"))),
    "setuid": ("archive.setuid", build_tar(TarMember(mode=0o4755))),
    "setgid": ("archive.setuid", build_tar(TarMember(mode=0o2755))),
    "same name": ("archive.duplicate", build_tar(TarMember(), TarMember())),
    "sparse": ("archive.bomb", build_tar(TarMember(type=b"S", at_483=b"%011o\0" % 2**32))),
    "sparse map cut": ("archive.truncated", build_tar(TarMember(type=b"S", content=b"", at_483=b"0" * 12), end=b"")),
    "pax sparse": ("archive.bomb", build_tar(TarMember(pax={"GNU.sparse.realsize": b"9" * 15}))),
    "checksum": ("archive.unreadable", build_tar(TarMember()).replace(b"a.txt", b"b.txt")),
    "second checksum": ("archive.unreadable", build_tar(TarMember(), TarMember(b"bb")).replace(b"bb", b"cc")),
    "member after the end": ("archive.trailing_data", build_tar(TarMember()) + build_tar(TarMember(b"b"))),
    "member after half an end": (
        "archive.trailing_data",
        build_tar(TarMember(), end=bytes(512)) + build_tar(TarMember(b"b")),
    ),
    "no end": ("archive.truncated", build_tar(TarMember(), end=b"")),
    "cut in content": ("archive.truncated", build_tar(TarMember(content=bytes(5000)), end=b"")[:3000]),
    "cut in header": ("archive.truncated", build_tar(TarMember(), TarMember(b"b"))[:1300]),
}


@pytest.mark.parametrize("title", TAR_LIES)
@pytest.mark.parametrize("packing", ["", "gz", "bz2", "xz"])
def test_inconsistent_tar_header_is_found(title: str, packing: str) -> None:
    code, content = TAR_LIES[title]
    assert code in codes(packed(content, packing), f"a.tar.{packing}" if packing else "a.tar")


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_packed_tar_that_is_cut_or_goes_on_is_found(packing: str) -> None:
    whole, name = packed(build_tar(TarMember()), packing), f"a.tar.{packing}"
    assert codes(whole, name) == set()
    assert codes(whole + bytes(512), name) == set()
    assert codes(whole[:-5], name) == {"archive.truncated"}
    assert codes(whole + b"more", name) == {"archive.trailing_data"}
    assert codes(whole + zip_with("a"), name) == {"archive.trailing_data"}
    assert codes(whole + whole, name) == {"archive.trailing_data"}
    assert codes(whole[:20] + b"????" + whole[24:], name)


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_packed_tar_in_several_streams_is_read_as_one(packing: str) -> None:
    whole = build_tar(TarMember(), TarMember(b"../evil"))
    content = b"".join(packed(whole[at : at + 300], packing) for at in range(0, len(whole), 300))
    assert codes(content, f"a.tar.{packing}") == {"archive.traversal"}


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_compressed_zeros_are_stopped_early(packing: str) -> None:
    bomb = packed(build_tar(TarMember(size=2**33), end=b""), packing) + packed_zeros(100, packing)
    with bounded(memory_bytes=16 * MIB):
        assert codes(bomb, f"a.tar.{packing}") == {"archive.bomb"}


def test_zeros_after_the_end_of_the_archive_are_rejected() -> None:
    content = packed(build_tar(TarMember()), "gz") + packed_zeros(80, "gz")
    with bounded(memory_bytes=16 * MIB):
        assert codes(content, "a.tgz") == {"archive.bomb"}


def test_flood_of_empty_streams_is_stopped() -> None:
    with bounded():
        assert codes(packed(b"", "gz") * 100_000, "a.tar.gz") == {"archive.bomb"}


def with_dictionary_of_a_gib(content: bytes) -> bytes:
    """Change the header of the first block, because a compressor would take the memory as well."""
    header = bytearray(content[12:24])  # size, flags, filter and size of its properties, dictionary, padding, checksum
    assert header[:4] == b"\x02\x00\x21\x01"
    header[4] = 36
    header[8:] = struct.pack("<L", zlib.crc32(header[:8]))
    return content[:12] + header + content[24:]


def test_xz_that_needs_too_much_memory_is_not_read() -> None:
    content = with_dictionary_of_a_gib(lzma.compress(build_tar(TarMember())))
    with bounded():
        assert codes(content, "a.tar.xz") == {"archive.memory"}


def test_lzma_member_that_needs_too_much_memory_is_not_read() -> None:
    data = struct.pack("<HHBL", 9, 5, 93, 2**31) + b"x" * 20
    assert codes(Zip([Member(method=14, data=data)]).build()) == {"archive.memory"}


def test_directory_of_millions_is_not_read() -> None:
    content = Zip([Member()], has_zip64_end=True, zip64_count=5_000_000).build()
    with bounded(1):
        assert codes(content) == {"archive.too_many_members"}


def test_directory_of_a_million_members_is_not_loaded() -> None:
    directory = directory_header(Member(), 0) * 1_000_000
    content = directory + end_record(1, len(directory), 0)
    handle = io.BytesIO(content)
    with bounded(1, 4 * MIB):
        [found] = inspect_archive(handle, "a.zip")
    assert found.code == "archive.too_many_members"


def test_directory_with_more_members_than_it_claims_is_not_parsed() -> None:
    directory = directory_header(Member(), 0) * 600_000
    handle = io.BytesIO(directory + end_record(1, len(directory), 0))
    with bounded(1, len(directory) + 4 * MIB):
        [found] = inspect_archive(handle, "a.zip")
    assert found.code == "archive.conflict"


@pytest.mark.parametrize("packing", ["", "gz"])
def test_tar_with_too_many_members_is_read_up_to_the_limit(packing: str) -> None:
    content = b"".join(TarMember(b"%d" % number, b"").build() for number in range(2_001))
    content, name = (gzip.compress(content, 1), "a.tgz") if packing else (content, "a.tar")
    with quick():
        assert codes(content, name, max_ratio=10**6, max_members=2_000) == {"archive.too_many_members"}


def test_many_members_are_read_in_bounded_time() -> None:
    names = (b"folder-%d/file-%d" % (number // 50, number) for number in range(30_000))
    content = Zip([Member(name, b"", 0) for name in names]).build()
    with quick(2.5):
        assert codes(content) == set()


def test_many_members_are_read_in_bounded_memory() -> None:
    names = (b"folder-%d/%d-%s" % (number // 50, number, b"n" * 200) for number in range(2_000))
    content = Zip([Member(name, b"", 0) for name in names]).build()
    with bounded(24, 4 * MIB):
        assert codes(content) == set()


@pytest.mark.parametrize(
    ("name", "members"),
    [(b"d/" * 2000 + b"%d", 100), (b"%d/" + b"d/" * 2000 + b"a", 100), (b"%d" + b"n" * 240, 2_000)],
    ids=["deep", "many folders", "long"],
)
def test_long_names_fill_neither_time_nor_memory(name: bytes, members: int) -> None:
    content = Zip([Member(name % number, b"", 0) for number in range(members)]).build()
    with quick(3):
        assert codes(content) == set()
    with bounded(15, 32 * MIB):
        assert codes(content, max_all_names_bytes=MIB // 4) == {"archive.too_many_members"}


class Zeros(io.RawIOBase):
    """A tar of one huge file that takes no room."""

    def __init__(self, start: bytes, size: int) -> None:
        self.start, self.size, self.at, self.was_read = start, size, 0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = {0: 0, 1: self.at, 2: self.size}[whence] + offset
        return self.at

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), 1000, self.size - self.at)  # fewer bytes than requested, like a socket
        buffer[:size] = self.start[self.at : self.at + size].ljust(size, b"\0")
        self.at += size
        self.was_read += size
        return size


def test_plain_tar_of_many_gib_is_not_read_through() -> None:
    size = 8 * 1024 * MIB
    handle = Zeros(TarMember(size=size).build()[:512], size + 512 + 10240)
    with bounded():
        assert inspect_archive(io.BufferedReader(handle), "a.tar") == []
    assert handle.was_read < MIB


def test_incompressible_content_is_read_completely(tmp_path: Path) -> None:
    noise = zlib.compress(bytes(range(256)) * 40) * 400
    with bounded():
        assert codes(packed(build_tar(TarMember(content=noise * 50), TarMember(b"b")), "gz"), "a.tgz") == set()


BENIGN: dict[str, tuple[str, bytes]] = {
    "wheel": ("a-1.0-py3-none-any.whl", zip_by_library({"a/__init__.py": b"", "a-1.0.dist-info/RECORD": b"x" * 99})),
    "jar": (
        "a.jar",
        zip_by_library({"META-INF/": b"", "META-INF/MANIFEST.MF": b"x", "a/A.class": b"1", "a/a.class": b"2"}),
    ),
    "jar with a script": ("a.jar", Zip([Member()], prefix=b"#!/bin/sh\nexec java -jar $0\n").build()),
    "folders listed twice": ("a.jar", zip_with("a/", "a/", "a/b")),
    "streamed": ("a.zip", Zip([streamed(), streamed(name=b"b"), streamed(b"", b"c/")]).build()),
    "streamed, sizes in front": ("a.zip", Zip([Member(flags=8)]).build()),
    "streamed, old descriptor": (
        "a.zip",
        Zip([Member(flags=8, local_sizes=(0, 0, 0), descriptor=struct.pack("<3L", *Member().sizes()))]).build(),
    ),
    "streamed, zip64 descriptor": (
        "a.zip",
        Zip(
            [Member(flags=8, local_sizes=(0, 0, 0), descriptor=struct.pack("<4sL2Q", b"PK\x07\x08", *Member().sizes()))]
        ).build(),
    ),
    "stored": ("a.zip", zip_by_library({"a": b"x" * 99}, zipfile.ZIP_STORED)),
    "bzip2": ("a.zip", zip_by_library({"a": b"x" * 99}, zipfile.ZIP_BZIP2)),
    "lzma": ("a.zip", zip_by_library({"a": b"x" * 99999}, zipfile.ZIP_LZMA)),
    "deflate64": ("a.zip", zip_with("a", method=9)),
    "zip64 end": ("a.zip", Zip([Member()], has_zip64_end=True).build()),
    "zip64 end, no part in the small record": (
        "a.3mf",
        Zip([Member()], has_zip64_end=True).build()[:-18] + b"\xff" * 16 + bytes(2),
    ),
    "comment": ("a.zip", Zip([Member()], comment=b"Thank you. " * 20).build()),
    "padding in an extra field": ("a.apk", Zip([Member(local_extra=bytes(3), method=0)]).build()),
    "signing block": ("a.apk", Zip([Member()], before_directory=b"\x20" + bytes(15) + b"APK Sig Block 42").build()),
    "macOS": (
        "a.zip",
        zip_by_library({"A/": b"", "A/a.txt": b"1", "__MACOSX/A/._a.txt": b"\0\5\x16\7", "A/.DS_Store": b"2"}),
    ),
    "unicode path": ("a.zip", Zip([Member(b"\x81ber", extra=unicode_path(b"\x81ber", "\u00fcber"))]).build()),
    "zip in zip": ("a.zip", Zip([Member(content=zip_with("../evil"), method=0)]).build()),
    "backslashes": ("a.zip", zip_with("a\\", "a\\b.txt")),
    "empty zip": ("a.zip", Zip().build()),
    "zip under another name": ("a.bin", zip_with("a")),
    "self-extracting": ("setup.exe", Zip([Member()], prefix=b"MZ" + bytes(5000)).build()),
    "self-extracting, not counted": (
        "setup.exe",
        Zip([Member()], prefix=b"MZ" + bytes(5000), is_prefix_counted=False).build(),
    ),
    "zipapp": ("a.pyz", Zip([Member(b"__main__.py")], prefix=b"#!/usr/bin/env python3\n").build()),
    "program that mentions zip": ("a.exe", b"MZ" + end_record() + bytes(500)),
    "text": ("a.txt", b"PK is no archive"),
    "nothing": ("a.bin", b""),
    "packed text": ("a.txt.gz", packed(b"hello", "gz")),
    "packed image of zeros": ("disk.img.gz", packed_zeros(80, "gz")),
    "packed noise": ("a.gz", b"\x1f\x8b\x08" + b"\xff" * 90),
    "sdist": (
        "a-1.0.tar.gz",
        tar_by_library({"a-1.0/PKG-INFO": b"x", "a-1.0/\u00fc" + "n" * 200: b"y" * 999}, mode="w:gz"),
    ),
    "gnu tar": ("a.tar.xz", tar_by_library({"d/" * 80 + "x": b"x" * 9}, mode="w:xz", format_=tarfile.GNU_FORMAT)),
    "ustar": ("a.tar.bz2", tar_by_library({"d/" * 80 + "x": b"x" * 9}, mode="w:bz2", format_=tarfile.USTAR_FORMAT)),
    "links": (
        "a.tar",
        build_tar(TarMember(b"l/a.so.1"), sym("l/a.so", "a.so.1"), hard("l/b", "./l/a.so.1"), hard("l/c", "l/b")),
    ),
    "hard link to a link": ("a.tar", build_tar(sym("l/s", "x"), hard("l/t", "l/s"))),
    "folders twice": (
        "a.tar",
        build_tar(TarMember(b"./", type=b"5"), TarMember(b"./a/", type=b"5", mode=0o2755), TarMember(b"a", type=b"5")),
    ),
    "old folder": ("a.tar", build_tar(TarMember(b"a/", b"", type=b"\0"), TarMember(b"a/b"))),
    "names but for case": ("a.tar", build_tar(TarMember(b"xt_MARK.h"), TarMember(b"xt_mark.h"))),
    "before ustar": ("a.tar", build_tar(TarMember(magic=b""))),
    "empty tar": ("a.tar", bytes(10240)),
    "empty packed tar": ("a.tgz", packed(bytes(10240), "gz")),
    "git archive": ("a.tar", build_tar(TarMember(global_pax={"comment": b"f" * 40}))),
    "large by pax": ("a.tar", build_tar(TarMember(pax={"size": b"10", "mtime": b"1.5"}))),
    "label": ("a.tar", build_tar(TarMember(b"label", type=b"V"), TarMember())),
    "sparse": ("a.tar", build_tar(TarMember(type=b"S", at_483=b"%011o\0" % 5000), TarMember(b"b"))),
    "tar under another name": ("a.gem", build_tar(TarMember())),
    "packed tar under another name": ("a.crate", packed(build_tar(TarMember()), "gz")),
    "zstandard": ("a.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(20)),
}


@pytest.mark.parametrize("title", BENIGN)
def test_ordinary_file_is_accepted(title: str) -> None:
    name, content = BENIGN[title]
    assert inspect_archive(io.BytesIO(content), name) == []


WRONG_TYPE = [
    ("a.zip", b"plain text"),
    ("a.zip", b""),
    ("a.jar", packed(b"x", "gz")),
    ("a.whl", build_tar(TarMember())),
    ("a.tar.gz", zip_with("a")),
    ("a.tgz", b"plain text"),
    ("a.tar.bz2", packed(b"plain text" * 100, "gz")),
    ("a.tar.xz", b"\xfd7z"),
    ("a.tar.zst", b"plain text"),
    ("a.tar", b"plain text" * 100),
    ("a.tar", packed(b"x", "gz")),
    ("a.apk", b"plain text"),
    ("a.docx", b"plain text"),
]


@pytest.mark.parametrize(("name", "content"), WRONG_TYPE)
def test_content_that_does_not_match_the_extension_fails(name: str, content: bytes) -> None:
    assert codes(content, name) == {"archive.wrong_type"}


@pytest.mark.parametrize(("name", "packing"), [("a.tgz", ""), ("a.tar.bz2", "gz"), ("a.tar", "xz"), ("a.apk", "gz")])
def test_tar_with_another_compression_than_its_name_says_is_inspected(name: str, packing: str) -> None:
    assert codes(packed(build_tar(TarMember()), packing), name) == set()
    assert codes(packed(build_tar(TarMember(b"../evil")), packing), name) == {"archive.traversal"}


def test_compressed_text_is_not_a_tar() -> None:
    assert codes(packed(b"hello" * 500, "gz"), "a.tar.gz") == {"archive.unreadable"}
    assert codes(packed(b"hello", "gz"), "a.tar.gz") == {"archive.truncated"}


@pytest.mark.parametrize(
    "head",
    [b"%PDF-1.7\n", b"GIF89a" + bytes(20), b"\x89PNG\r\n\x1a\n" + bytes(20), b"<html><script>", packed(b"x", "gz")],
)
@pytest.mark.parametrize("is_counted", [True, False])
def test_file_and_link_together_are_rejected(head: bytes, is_counted: bool) -> None:
    content = Zip([Member()], prefix=head, is_prefix_counted=is_counted).build()
    assert codes(content, "a.zip") == {"archive.prefix"}
    assert codes(content, "a.dat") == {"archive.polyglot"}


def test_hostile_archive_is_found_under_any_name() -> None:
    assert codes(zip_with("../evil"), "a.bin") == {"archive.traversal"}
    assert codes(Zip([Member(b"../evil")], prefix=b"MZ" * 20).build(), "a.exe") == {"archive.traversal"}
    assert codes(packed(build_tar(TarMember(b"../evil")), "xz"), "a.bin") == {"archive.traversal"}


SEEDS = [content for name, content in BENIGN.values() if len(content) < 30_000 and name != "disk.img.gz"]


@settings(max_examples=400)
@given(st.data())
def test_damaged_archive_never_raises(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SEEDS)))
    if content:
        for at, value in data.draw(
            st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)
        ):
            content[at] = value
    cut = data.draw(st.integers(0, 40))
    name = data.draw(st.sampled_from(["a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2", "a.bin", "a.jar"]))
    for found in inspect_archive(io.BytesIO(bytes(content[: len(content) - cut])), name):
        assert found.code.startswith("archive.")
        assert found.message
        assert found.member.isprintable()


@settings(max_examples=200)
@given(st.binary(max_size=1500), st.sampled_from(["zip", "tar", "tar.gz", "tar.xz", "tar.bz2", "bin"]))
def test_random_bytes_never_raise(content: bytes, ext: str) -> None:
    assert inspect_archive(io.BytesIO(content), f"a.{ext}") or ext == "bin"
    inspect_archive(io.BytesIO(b"PK\x03\x04" + content + end_record()), f"a.{ext}")


def test_module_needs_no_models_and_no_settings() -> None:
    code = (
        "import files.inspection.archives, sys; from django.conf import settings; "
        "print(settings.configured, sys.modules.keys() & {'files.models', 'versions.models', 'downloads.models'})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[3])
    assert out.stdout == b"False set()\n"
