"""Decide by name and content whether a file is a zip or a tar archive, and inspect it."""

import os
import re
import struct
from tarfile import BLOCKSIZE
from typing import IO

from files.inspection.archives.decompression import COMPRESSIONS, open_tar, read_at
from files.inspection.archives.report import DEFAULT_LIMITS, ArchiveError, ArchiveLimits, ArchiveReport, ReportIsFull
from files.inspection.archives.tar_headers import looks_like_tar
from files.inspection.archives.tars import TarInspector
from files.inspection.archives.zip_directory import END_MAGIC, Directory, find_directory
from files.inspection.archives.zip_members import LOCAL_MAGIC
from files.inspection.archives.zips import ZipInspector
from files.inspection.findings import Finding
from files.mime import sniff
from files.names import extension

_HEAD_BYTES = 8192
# These files are read in place and not unpacked to a file system. Names that differ only in case do no harm there, and
# obfuscation tools, which shorten names to a few letters, produce many of them.
_READ_IN_PLACE = frozenset({"jar", "war", "ear", "aar", "apk", "aab", "litemod"})
_PACKAGES = frozenset({"whl", "egg", "nupkg", "snupkg", "vsix", "xpi", "ipa", "conda", "msix", "appx", "msixbundle"})
_GAME_PACKS = frozenset({"mrpack", "mcpack", "mcaddon", "mcworld"})
_OFFICE = frozenset({"docx", "xlsx", "pptx"})
_DOCUMENTS = _OFFICE | frozenset({"odt", "ods", "odp", "epub", "kmz", "3mf", "cbz"})
_ZIPS = frozenset({"zip"}) | _READ_IN_PLACE | _PACKAGES | _GAME_PACKS | _DOCUMENTS
_TARS = {
    **dict.fromkeys(("tar.gz", "tgz", "taz"), "gz"),
    **dict.fromkeys(("tar.bz2", "tbz2", "tbz", "tb2"), "bz2"),
    **dict.fromkeys(("tar.xz", "txz"), "xz"),
    **dict.fromkeys(("tar.zst", "tzst"), "zst"),
    "tar": "",
}
# File types that never legitimately have a zip archive at their end.
_NO_CARRIERS = frozenset(
    {"text/html", "application/xml", "application/pdf", "application/rtf", "application/gzip", "application/x-bzip2"}
    | {"application/x-xz", "application/x-tar", "application/x-7z-compressed", "application/x-rar-compressed"}
)
# Windows and Linux programs and scripts, which a self-extracting archive begins with.
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
_ALPINE_MAGICS = (COMPRESSIONS["gz"][0], b"ADB")
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")  # Office puts a document with a password into such a container
_PART = re.compile(r"z?[0-9]+")  # the extensions of the parts of a split archive
_ZSTANDARD_MAGIC, _ZSTANDARD_SKIPPABLE = b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"
_WRONG_TYPE = "The file name ends in .{}, but the content is not such an archive."


def inspect_archive(handle: IO[bytes], name: str, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[Finding]:
    """Return the findings for a file that is an archive or has the name of one. An empty list means no problem.

    A damaged or hostile archive produces findings and never another exception. Archives that are compressed with
    Zstandard are not inspected, because the standard library cannot decompress them.

    Args:
        handle: A seekable file. Its position afterwards is undefined.
        name: The file name, whose extension may say that the file is an archive.

    Raises:
        TooManySteps: The inspection takes more steps than `limits.max_steps` allows.
    """
    report = ArchiveReport(limits)
    try:
        _inspect(handle, extension(name), report)
    except ArchiveError as error:
        report.findings.append(error.finding)
    except ReportIsFull:
        pass
    # The file is hostile input. A value that the parsers did not expect means that the archive is damaged.
    except (ArithmeticError, LookupError, ValueError, struct.error):
        report.findings.append(Finding("archive.unreadable", "The archive is damaged and cannot be read."))
    return report.result()


def is_packed(head: bytes) -> bool:
    """Return True if content that starts with `head` is compressed as a whole, like a compressed tar archive."""
    return any(head.startswith(magic) for magic, _ in COMPRESSIONS.values())


def depends_on_name(ext: str) -> bool:
    """Return whether the checks of a file with this extension differ from those of a file with another extension."""
    return ext in _ZIPS or ext in _TARS


def has_unusual_form(ext: str, head: bytes) -> bool:
    """Return whether `head` begins a file that legitimately has the extension, but not the usual first bytes."""
    if ext in _TARS:
        return any(_is_tar(head, compression) for compression in {*_TARS.values()})
    return (ext in _OFFICE and head.startswith(_OLE_MAGIC)) or _is_alpine_package(head, ext)


def _inspect(handle: IO[bytes], ext: str, report: ArchiveReport) -> None:
    size = handle.seek(0, os.SEEK_END)
    head = read_at(handle, 0, min(size, _HEAD_BYTES))
    if ext in _OFFICE and head.startswith(_OLE_MAGIC):
        report.add("archive.encrypted", "The document has a password or an old format, so it cannot be checked.")
    elif ext not in _TARS and _is_zip(head, ext):
        _inspect_zip(handle, size, head, ext, report)
    elif (compression := _compression(handle, head, ext)) is None:
        _inspect_tail(handle, size, head, report)
    elif compression != "zst":
        TarInspector(open_tar(handle, compression, report), report, size).run()


def _is_zip(head: bytes, ext: str) -> bool:
    return (ext in _ZIPS and not _is_alpine_package(head, ext)) or head.startswith((LOCAL_MAGIC, END_MAGIC))


def _compression(handle: IO[bytes], head: bytes, ext: str) -> str | None:
    """Return the compression of a tar archive, "" if it is not compressed, or None for any other file.

    Every unpacker recognizes the compression of a tar archive by its content, so a name with another one does no harm.
    """
    if ext in _TARS and _is_tar(head, _TARS[ext]):
        return _TARS[ext]
    if looks_like_tar(head[:BLOCKSIZE]):
        return ""
    for compression, (magic, _) in COMPRESSIONS.items():
        if head.startswith(magic) and _holds_tar(handle, compression):
            return compression
    if ext in _TARS:
        raise ArchiveError("archive.wrong_type", _WRONG_TYPE.format(ext))
    return None


def _holds_tar(handle: IO[bytes], compression: str) -> bool:
    try:
        return looks_like_tar(open_tar(handle, compression, ArchiveReport(DEFAULT_LIMITS)).read(BLOCKSIZE))
    except ArchiveError:
        return False


def _is_tar(head: bytes, compression: str) -> bool:
    if compression == "zst":
        return head.startswith(_ZSTANDARD_MAGIC) or head[1:4] == _ZSTANDARD_SKIPPABLE
    if compression:
        return head.startswith(COMPRESSIONS[compression][0])
    block = head[:BLOCKSIZE]
    # The first block of an empty archive, or of one in the format before `ustar`, whose checksum is verified later.
    is_old = len(block) == BLOCKSIZE and (not any(block) or block[148:156].strip(b" \0").isdigit())
    return looks_like_tar(block) or is_old


def _is_alpine_package(head: bytes, ext: str) -> bool:
    """Return whether it is a package of Alpine Linux, which has the same extension as one of Android."""
    return ext == "apk" and head.startswith(_ALPINE_MAGICS)


def _inspect_zip(handle: IO[bytes], size: int, head: bytes, ext: str, report: ArchiveReport) -> None:
    starts_right = head.startswith((LOCAL_MAGIC, END_MAGIC))
    if (directory := find_directory(handle, size)) is None:
        if starts_right and _PART.fullmatch(ext):
            raise ArchiveError("archive.split", "The file is the first part of an archive and cannot be checked.")
        if starts_right:
            raise ArchiveError("archive.truncated", "The archive ends without an end record. Upload the whole file.")
        raise ArchiveError("archive.wrong_type", _WRONG_TYPE.format(ext))
    prefix = ZipInspector(handle, directory, report, ignore_case=ext not in _READ_IN_PLACE).run()
    # An executable jar begins with the shell script that runs it. In every other archive a prefix could be a second
    # file, which some programs open instead of the archive.
    if directory.part or not (prefix or not starts_right) or (ext == "jar" and head.startswith(b"#!")):
        return
    if head.startswith(_PROGRAMS):
        report.add("archive.executable_prefix", "The archive is a program that unpacks itself.")
    else:
        report.add("archive.prefix", "The archive has other data before its first member.")


def _inspect_tail(handle: IO[bytes], size: int, head: bytes, report: ArchiveReport) -> None:
    """Inspect a zip archive at the end of a file of another type.

    Self-extracting programs and scripts have one legitimately. An image or a document with a zip archive at its end is
    a polyglot: a file that different programs interpret differently.
    """
    if (directory := _directory_at_end(handle, size)) is None:
        return
    kind = sniff(head)
    family = kind.partition("/")[0]
    if family in {"image", "audio", "video", "font"} or kind in _NO_CARRIERS or b"%PDF-" in head[:1024]:
        report.add("archive.polyglot", f"The file is a zip archive and {kind} at once.")
    ZipInspector(handle, directory, report, ignore_case=False).run()


def _directory_at_end(handle: IO[bytes], size: int) -> Directory | None:
    """Return the central directory, or None if some bytes before the end merely look like an end record."""
    try:
        return find_directory(handle, size)
    except ArchiveError as error:
        if error.finding.code in {"archive.trailing_data", "archive.truncated"}:
            return None
        raise
