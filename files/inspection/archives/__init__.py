"""Checking zip and tar archives by what they list. Nothing is written, no archive inside another one is opened."""

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

# For an inspection that a request waits for: about a second of CPU time.
QUICK_LIMITS = ArchiveLimits(max_steps=20_000 * STEPS_OF_A_MEMBER)

_HEAD_BYTES = 8192
# Read in place, so names that differ in case do no harm, and tools that shorten names make them in numbers.
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
# Kinds of file that nobody needs to carry an archive at their end.
_NO_CARRIERS = frozenset(
    {"text/html", "application/xml", "application/pdf", "application/rtf", "application/gzip", "application/x-bzip2"}
    | {"application/x-xz", "application/x-tar", "application/x-7z-compressed", "application/x-rar-compressed"}
)
_ZSTANDARD = (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18")


def inspect_archive(handle: IO[bytes], name: str, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[Finding]:
    """What is wrong with a file that is an archive, or that `name` says is one; empty when nothing is.

    `handle` can seek; where it stands afterwards is left open. Any content gives findings, none an error.
    Errors: TooManySteps, where the limits have `max_steps`.
    What is packed with Zstandard is not read: the standard library has no means to.
    """
    report = Report(limits)
    try:
        _inspect(handle, extension(name), report)
    except ArchiveError as error:
        report.findings.append(error.finding)
    except EnoughFindings:
        pass
    except (ArithmeticError, LookupError, ValueError, struct.error):
        report.findings.append(Finding("archive.unreadable", "It is damaged and cannot be read."))
    return report.findings[: limits.max_findings]


def is_packed(head: bytes) -> bool:
    """Whether content that starts with `head` is compressed as a whole, as a packed tar archive is."""
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
    """From before `ustar`, or empty; a wrong checksum is found later."""
    return len(block) == BLOCK_BYTES and (not any(block) or block[148:156].strip(b" \0").isdigit())


def _packing_of_tar(handle: IO[bytes], head: bytes) -> str | None:
    """How the tar archive is packed that the file is, whatever its name; None when it is none."""
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
    # Executable jars begin with the shell script that runs them.
    if (prefix or not starts_right) and not (ext == "jar" and head.startswith(b"#!")):
        report.add("archive.prefix", "It has other data before its first member.")


def _inspect_tail(handle: IO[bytes], size: int, head: bytes, report: Report) -> None:
    """Programs and scripts carry a zip archive at their end; other kinds of file do so to be two things at once."""
    if (end := _end_of_other(handle, size)) is None:
        return
    kind = sniff(head)
    family = kind.partition("/")[0]
    if family in {"image", "audio", "video", "font"} or kind in _NO_CARRIERS or b"%PDF-" in head[:1024]:
        report.add("archive.polyglot", f"It is a zip archive and {kind} at once.")
    ZipInspector(handle, end, report, ignore_case=False).run()


def _end_of_other(handle: IO[bytes], size: int) -> End | None:
    """None also when bytes merely look like an end record, somewhere before the end."""
    try:
        return read_end(handle, size)
    except ArchiveError as error:
        if error.finding.code in {"archive.trailing_data", "archive.truncated"}:
            return None
        raise
