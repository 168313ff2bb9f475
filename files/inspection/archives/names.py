"""Rules for the names of archive members.

An archive is unpacked on systems the hub does not know. A name is accepted only if it is harmless on all of them.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from files.inspection.archives.report import ArchiveReport

# Control characters, line separators, and the marks that change the direction of text and so disguise an extension.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
# A drive letter. Two colons do not count: `B::Deparse.3pm` is the manual page of a Perl module.
DRIVE = re.compile(r"(?:\./+)*[A-Za-z]:(?!:)")
# Windows drops dots and spaces at the end of a name, so a part of dots and spaces can become `..`, also in front of an
# NTFS stream. A single dot does no harm.
DOTS = re.compile(r"(?:\A|/)(?!\.(?:[:/]|\Z))[. ]+(?:[:/]|\Z)")
_MAX_ESCAPE_LEVELS = 3
# The file with the custom icon of a folder on macOS has a name that ends with a carriage return.
_FOLDER_ICON = re.compile(r"(?:\A|/)(?:\._)?Icon\r\Z")
_HOME = re.compile(r"(?:\./+)*~(?:/|\Z)")
_LONG_PART = re.compile(r"[^/\\]{256}")
_NTFS_STREAM = re.compile(r":\$[A-Za-z0-9_]+(?:$|[/\\])")
_U_ESCAPE = re.compile(r"%u00([0-9a-fA-F]{2})")
# Characters similar to a slash that NFKC does not change, but that some systems convert to a plain slash.
_SLASHES = str.maketrans(dict.fromkeys("\u2041\u2044\u2215\u2216\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9", "/"))
# Overlong UTF-8 sequences of `.`, `/` and `\`. They are invalid, but careless decoders accept them.
_OVERLONG = {
    b".": re.compile(rb"\xc0[\xae\x2e]|\xe0\x80\xae|\xf0\x80\x80\xae"),
    b"/": re.compile(rb"\xc0[\xaf\x2f]|\xe0\x80\xaf|\xf0\x80\x80\xaf"),
    rb"\\": re.compile(rb"\xc1\x9c|\xe0\x81\x9c|\xf0\x80\x81\x9c"),
}


def readings(raw: bytes) -> list[str]:
    """Return the name decoded from UTF-8.

    If it is not valid UTF-8, return it decoded from code page 437, and as a careless UTF-8 decoder would read it.
    """
    try:
        return [raw.decode()]
    except UnicodeDecodeError:
        plain = raw
        for char, overlong in _OVERLONG.items():
            plain = overlong.sub(char, plain)
        return [raw.decode("cp437"), plain.decode("cp437")]


def is_utf8(raw: bytes) -> bool:
    return len(readings(raw)) == 1


def check_name(report: ArchiveReport, name: str) -> bool:
    """Return True if the name is a path inside the archive under every spelling; otherwise report a finding."""
    if _FOLDER_ICON.search(name):
        name = name.rstrip("\r")
    problem = _text_problem(name, report.limits.max_name_bytes)
    for spelling in _spellings(name):
        problem = problem or _path_problem(spelling)
    if problem:
        report.add(*problem, member=name)
    return problem is None


def check_names(report: ArchiveReport, *names: bytes) -> None:
    """Check every name that some reader may use for a member, and report the first problem only."""
    for name in dict.fromkeys(reading for raw in names for reading in readings(raw)):
        if not check_name(report, name):
            return


def parts_of(path: str) -> list[str]:
    """Split a path into its parts: `./a//b\\c/` becomes a, b, c."""
    return [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]


def fold_part(part: str) -> str:
    """Return a key that is equal for names which are the same file on some system.

    Such systems ignore case, Unicode composition, or dots and spaces at the end of a name.
    """
    if part.isascii():
        return part.lower().rstrip(". ")
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", part).casefold()).rstrip(". ")


def _text_problem(name: str, max_bytes: int) -> tuple[str, str] | None:
    is_long = _LONG_PART.search(name) if name.isascii() else any(_byte_count(part) > 255 for part in parts_of(name))
    if is_long or _byte_count(name) > max_bytes:
        return (
            "archive.name_too_long",
            f"The name of {{}} is too long: the limit is {max_bytes} bytes, 255 for one part.",
        )
    if not name:
        return "archive.name_empty", "An archive member has no name."
    if CONTROLS.search(name):
        return "archive.control_characters", "The name of archive member {} has control characters."
    if _NTFS_STREAM.search(name):
        return "archive.absolute", "Archive member {} is a hidden stream on Windows."
    return None


def _byte_count(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _spellings(name: str) -> Iterator[str]:
    """Yield the name, then the names that systems which normalize Unicode or decode escapes make of it."""
    for _ in range(_MAX_ESCAPE_LEVELS):
        yield name
        if not name.isascii():
            yield unicodedata.normalize("NFKC", name).translate(_SLASHES)
        if "%" not in name:
            return
        # The last reading is the one of the careless decoder, which is the most dangerous one.
        name = readings(unquote_to_bytes(_U_ESCAPE.sub(r"%\1", name)))[-1]
    yield name


def _path_problem(path: str) -> tuple[str, str] | None:
    plain = CONTROLS.sub("", path).replace("\\", "/")
    if plain.startswith("/"):
        return "archive.absolute", "The name of archive member {} is an absolute path."
    if DOTS.search(plain):
        return "archive.traversal", "The name of archive member {} leads out of the archive (..)."
    if DRIVE.match(plain):
        return "archive.absolute", "The name of archive member {} starts with a drive letter."
    if _HOME.match(plain):
        return "archive.absolute", "The name of archive member {} leads to a home folder (~)."
    return None
