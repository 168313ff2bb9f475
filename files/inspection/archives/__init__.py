"""Checks of zip and tar archives: unsafe names and links, decompression bombs, and members that are hidden.

Nothing is written to disk, and an archive inside another archive is not opened.
"""

from __future__ import annotations

import struct
from typing import IO

from files.inspection.archives.findings import (
    DEFAULT_LIMITS,
    STEPS_OF_A_MEMBER,
    ArchiveError,
    ArchiveLimits,
    EnoughFindings,
    Finding,
    Report,
    TooManySteps,
)
from files.inspection.archives.streams import PACKINGS, PackedSource, PlainSource, read_at
from files.inspection.archives.tars import BLOCK_BYTES, TarInspector, looks_like_tar
from files.inspection.archives.zip_records import END_MAGIC, LOCAL_MAGIC, End, read_end
from files.inspection.archives.zips import ZipInspector
from files.mime import sniff
from files.names import extension

__all__ = ["DEFAULT_LIMITS", "QUICK_LIMITS", "ArchiveLimits", "Finding", "TooManySteps", "inspect_archive", "is_packed"]

# Limits for an inspection inside a request. They amount to about one second of CPU time.
QUICK_LIMITS = ArchiveLimits(max_steps=20_000 * STEPS_OF_A_MEMBER)

_HEAD_BYTES = 8192
# These files are read in place and not unpacked to a file system. Names that differ only in case do no harm there, and
# obfuscation tools, which shorten names to a few letters, produce many of them.
_READ_IN_PLACE = frozenset({"jar", "war", "ear", "aar", "apk", "aab", "litemod"})
_PACKAGES = frozenset({"whl", "egg", "nupkg", "snupkg", "vsix", "xpi", "ipa", "conda", "msix", "appx", "msixbundle"})
_GAME_PACKS = frozenset({"mrpack", "mcpack", "mcaddon", "mcworld"})
_DOCUMENTS = frozenset({"docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "kmz", "3mf", "cbz"})
_ZIPS = frozenset({"zip"}) | _READ_IN_PLACE | _PACKAGES | _GAME_PACKS | _DOCUMENTS
_TARS = {
    **dict.fromkeys(("tar.gz", "tgz", "taz"), "gz"),
    **dict.fromkeys(("tar.bz2", "tbz2", "tbz", "tb2"), "bz2"),
    **dict.fromkeys(("tar.xz", "txz"), "xz"),
    **dict.fromkeys(("tar.zst", "tzst"), "zst"),
    "tar": "",
}
# File types for which there is no legitimate reason to carry a zip archive at the end.
_NO_CARRIERS = frozenset(
    {"text/html", "application/xml", "application/pdf", "application/rtf", "application/gzip", "application/x-bzip2"}
    | {"application/x-xz", "application/x-tar", "application/x-7z-compressed", "application/x-rar-compressed"}
)
_ZSTANDARD = (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18")


def inspect_archive(handle: IO[bytes], name: str, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[Finding]:
    """Return the findings for a file that is an archive or has the name of one. An empty list means no problem.

    A damaged or hostile archive produces findings and never another exception. Archives that are compressed with
    Zstandard are not inspected, because the standard library cannot decompress them.

    Args:
        handle: A seekable file. Its position afterwards is undefined.
        name: The file name, whose extension may say that the file is an archive.
        limits: The limits that the archive and its inspection have to keep.

    Raises:
        TooManySteps: The inspection takes more steps than `limits.max_steps` allows.
    """
    report = Report(limits)
    try:
        _inspect(handle, extension(name), report)
    except ArchiveError as error:
        report.findings.append(error.finding)
    except EnoughFindings:
        pass
    # The file is hostile input. A value that the parsers did not expect means that the archive is damaged.
    except (ArithmeticError, LookupError, ValueError, struct.error):
        report.findings.append(Finding("archive.unreadable", "It is damaged and cannot be read."))
    return report.findings[: limits.max_findings]


def is_packed(head: bytes) -> bool:
    """Return True if content that starts with `head` is compressed as a whole, like a compressed tar archive."""
    return any(head.startswith(magic) for magic, _ in PACKINGS.values())


def _inspect(handle: IO[bytes], ext: str, report: Report) -> None:
    size = handle.seek(0, 2)
    head = read_at(handle, 0, min(size, _HEAD_BYTES))
    if ext in _TARS:
        _inspect_tar(handle, size, head, _TARS[ext], report)
    elif ext in _ZIPS or head.startswith((LOCAL_MAGIC, END_MAGIC)):
        _inspect_zip(handle, size, head, ext, report)
    elif (packing := _packing_of_tar(handle, head)) is not None:
        _inspect_tar(handle, size, head, packing, report)
    else:
        _inspect_tail(handle, size, head, report)


def _inspect_tar(handle: IO[bytes], size: int, head: bytes, packing: str, report: Report) -> None:
    if packing == "zst":
        if not head.startswith(_ZSTANDARD[0]) and head[1:4] != _ZSTANDARD[1]:
            raise ArchiveError("archive.wrong_type", "It is no archive packed with Zstandard, as its name says.")
        return
    if packing and not head.startswith(PACKINGS[packing][0]):
        raise ArchiveError("archive.wrong_type", f"It is no tar archive packed with {packing}, as its name says.")
    if not packing and not looks_like_tar(head[:BLOCK_BYTES]) and not _is_old_tar(head[:BLOCK_BYTES]):
        raise ArchiveError("archive.wrong_type", "It is no tar archive, as its name says.")
    source = PackedSource(handle, packing, report) if packing else PlainSource(handle, size)
    TarInspector(source, report, size).run()


def _is_old_tar(block: bytes) -> bool:
    """Return True for the first block of an empty archive or of one in the format before `ustar`.

    The checksum is verified later, when the header is parsed.
    """
    return len(block) == BLOCK_BYTES and (not any(block) or block[148:156].strip(b" \0").isdigit())


def _packing_of_tar(handle: IO[bytes], head: bytes) -> str | None:
    """Return the compression of a tar archive whatever its name is, "" if it is not compressed.

    Return None if the file is not a tar archive.
    """
    if looks_like_tar(head[:BLOCK_BYTES]):
        return ""
    for packing, (magic, _) in PACKINGS.items():
        if head.startswith(magic):
            source = PackedSource(handle, packing, Report(DEFAULT_LIMITS))
            try:
                return packing if looks_like_tar(source.read(BLOCK_BYTES)) else None
            except ArchiveError:
                return None
    return None


def _inspect_zip(handle: IO[bytes], size: int, head: bytes, ext: str, report: Report) -> None:
    starts_right = head.startswith((LOCAL_MAGIC, END_MAGIC))
    if (end := read_end(handle, size)) is None:
        if starts_right:
            raise ArchiveError("archive.truncated", "It ends without an end record.")
        raise ArchiveError("archive.wrong_type", "It is no zip archive, as its name says.")
    prefix = ZipInspector(handle, end, report, ignore_case=ext not in _READ_IN_PLACE).run()
    # An executable jar begins with the shell script that runs it. In every other archive a prefix could be a second
    # file, which some programs open instead of the archive.
    if (prefix or not starts_right) and not (ext == "jar" and head.startswith(b"#!")):
        report.add("archive.prefix", "It has other data before its first member.")


def _inspect_tail(handle: IO[bytes], size: int, head: bytes, report: Report) -> None:
    """Inspect a zip archive at the end of a file of another type.

    Self-extracting programs and scripts have one legitimately. An image or a document with a zip archive at its end is
    a polyglot: a file that different programs interpret differently.
    """
    if (end := _end_of_other(handle, size)) is None:
        return
    kind = sniff(head)
    family = kind.partition("/")[0]
    if family in {"image", "audio", "video", "font"} or kind in _NO_CARRIERS or b"%PDF-" in head[:1024]:
        report.add("archive.polyglot", f"It is a zip archive and {kind} at once.")
    ZipInspector(handle, end, report, ignore_case=False).run()


def _end_of_other(handle: IO[bytes], size: int) -> End | None:
    """Return the end record, or None if the file has none or some bytes before the end merely look like one."""
    try:
        return read_end(handle, size)
    except ArchiveError as error:
        if error.finding.code in {"archive.trailing_data", "archive.truncated"}:
            return None
        raise
