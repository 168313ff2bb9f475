"""Version strings: which are accepted, and how they compare. Pure functions, no database.

Five strict rule sets and a free one. All of them give keys in one common order, so that a download may go from `1.0`
to `1.0.1-rc.1`: numbers first, a pre-release below its release, `1.0` and `1.0.0` equal. Build metadata, the part after
`+`, counts under the scheme `build` only; under `pep440` it is a local version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import dropwhile

from versions import pep440

MAX_LENGTH = 128
MAX_PART = 999
EXACT_PARTS = 3
MAX_MAJOR = (2**63 - 1) // 10**9 - 1


class Scheme(StrEnum):
    SEMVER = "semver"
    DOTTED = "dotted"
    CALVER = "calver"
    BUILD = "build"
    PEP440 = "pep440"
    OTHER = "other"


class InvalidNumber(ValueError):
    """`code` for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Number:
    """`sort_key` compares bytewise in version order; `version_int` is the number of the mc-dm dialect.

    `prerelease` is the part that makes it a pre-release, such as rc.1, and empty otherwise.
    """

    text: str
    scheme: Scheme
    sort_key: bytes
    version_int: int
    prerelease: str = ""

    @property
    def is_prerelease(self) -> bool:
        return bool(self.prerelease)


_NUM = r"(?:0|[1-9][0-9]*)"
_DOTTED = re.compile(rf"{_NUM}(?:\.{_NUM}){{1,3}}")
_CALVER = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2}-[0-9]{6}")
_SEMVER = re.compile(
    rf"(?P<release>{_NUM}\.{_NUM}\.{_NUM})"
    rf"(?:-(?P<pre>(?:{_NUM}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:{_NUM}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_BUILD = re.compile(
    rf"(?P<release>{_NUM}(?:\.{_NUM}){{0,7}})"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~!-]*")
_RESERVED = re.compile(r"latest(?:-.*)?|channel|sha256sums", re.IGNORECASE)
_READING = re.compile(
    r"(?:(?:version|ver|v|release|rel|rev|r|build)[-_.]?)?(?P<release>[0-9]+(?:\.[0-9]+)*)(?P<rest>.*)", re.IGNORECASE
)
_PRERELEASE = re.compile(
    r"[-_.~]?(?:alpha|beta|preview|pre|rc|dev|snapshot|nightly|a|b|c|m)(?![A-Za-z])", re.IGNORECASE
)
_WORDS = re.compile(r"[0-9]+|[A-Za-z]+")
_MESSAGES = {
    Scheme.SEMVER: "A semantic version looks like 1.4.0 or 2.0.0-rc.1.",
    Scheme.DOTTED: "A version here is two to four numbers without leading zeros, such as 1.4 or 1.4.0.2.",
    Scheme.CALVER: "A version here is a UTC time of the form YYYY.MM.DD-HHMMSS, such as 2026.01.31-235959.",
    Scheme.BUILD: "A version with a counted build looks like 1.4.0+12 or 21.0.1-ea+35.",
    Scheme.PEP440: "A Python version looks like 1.4.0, 2.0rc1, 1.4.0.post1, 2.0.dev3 or 1!2.0.",
    Scheme.OTHER: "A version starts with a letter or digit; letters, digits and . _ + ~ ! - may follow.",
}


def parse(text: str, scheme: Scheme | None = None) -> Number:
    """The version as `scheme` reads it; without one, as the first that accepts it (see `detect`).

    Errors: InvalidNumber.
    """
    if not text:
        raise InvalidNumber("version.number_empty", "Give a version.")
    if len(text) > MAX_LENGTH:
        raise InvalidNumber("version.number_too_long", f"A version has at most {MAX_LENGTH} characters.")
    scheme = scheme or detect(text)
    if not accepts(text, scheme):
        raise InvalidNumber(f"version.number_not_{scheme}", _MESSAGES[scheme])
    if _RESERVED.fullmatch(text):
        raise InvalidNumber("version.number_reserved", f"{text} is a word of the download addresses; choose another.")
    return _READERS[scheme](text)


def detect(text: str) -> Scheme:
    """By form: a real date and time is calver, then semver, then dotted; whatever else is other."""
    strict = (Scheme.CALVER, Scheme.SEMVER, Scheme.DOTTED)
    return next((scheme for scheme in strict if accepts(text, scheme)), Scheme.OTHER)


def accepts(text: str, scheme: Scheme) -> bool:
    """Whether the rule set allows this very text.  Source: semver.org for semver."""
    if len(text) > MAX_LENGTH:
        return False
    if scheme is Scheme.CALVER:
        return bool(_CALVER.fullmatch(text)) and _is_moment(text)
    if scheme is Scheme.PEP440:
        return pep440.accepts(text)
    pattern = {Scheme.SEMVER: _SEMVER, Scheme.DOTTED: _DOTTED, Scheme.BUILD: _BUILD, Scheme.OTHER: _TOKEN}[scheme]
    return bool(pattern.fullmatch(text))


def read(text: str, scheme: Scheme | str | None = None) -> Number:
    """Return the number that somebody means, in whatever spelling: with or without a leading v, as the scheme reads it.

    Raises:
        InvalidNumber: The text is no version under any scheme.
    """
    wanted = Scheme(scheme) if scheme else None
    if wanted is not None:
        for spelling in (text, text[1:] if text[:1] in {"v", "V"} else ""):
            if spelling and accepts(spelling, wanted):
                return parse(spelling, wanted)
    return parse(text)


def sort_key_of(text: str, scheme: Scheme | str | None = None) -> bytes | None:
    """Return the sort key of `read`, or None for what is no version."""
    try:
        return read(text, scheme).sort_key
    except InvalidNumber:
        return None


def version_int(release: tuple[int, ...], *, is_prerelease: bool = False) -> int:
    """major·10⁹ + minor·10⁶ + patch·10³ + fourth part; a pre-release is one below its release.

    Once a part is over 999 it and all behind it count as 999, so the order never turns round.
    """
    parts = [*release, 0, 0, 0, 0][:4]
    is_full = parts[0] > MAX_MAJOR
    value = min(parts[0], MAX_MAJOR)
    for part in parts[1:]:
        is_full = is_full or part > MAX_PART
        value = value * 1000 + (MAX_PART if is_full else part)
    return max(value - is_prerelease, 0)


def ceiling(text: str, scheme: Scheme | str | None = None) -> bytes:
    """Return the key that everything newer than `text` reaches; what is only more exact (1.4.2 beside 1.4) stays below.

    So 1.4.9 is no update for 1.4, and 1.5.0-rc.1 is one. `scheme` is that of the download: where builds count, 1.4.0+2
    is an update for 1.4.0+1.

    Raises:
        InvalidNumber: The text is no version.
    """
    number = read(text, scheme)
    epoch = pep440.read(number.text).epoch if number.scheme is Scheme.PEP440 else 0
    match = _READING.fullmatch(number.text.partition("!")[2] if epoch else number.text)
    if number.scheme is Scheme.CALVER or match is None or _rest_that_counts(match["rest"], number.scheme):
        return number.sort_key + b"\x00"
    release = _release(match["release"])
    if number.scheme is Scheme.PEP440 and len(release) >= EXACT_PARTS:
        return number.sort_key + b"\x00"  # 1.4.0.post1 is an update for 1.4.0
    return _release_key((*release[:-1], release[-1] + 1), epoch) + b"\x00\x01"


def _rest_that_counts(rest: str, scheme: Scheme) -> str:
    """Return what follows the release, without build metadata where that does not count."""
    return rest if scheme in {Scheme.BUILD, Scheme.PEP440} else rest.partition("+")[0]


def _is_moment(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y.%m.%d-%H%M%S")  # noqa: DTZ007 - only asks whether it exists
    except ValueError:
        return False
    return not text.endswith("60") and not text.startswith("0000")


def _read_semver(text: str) -> Number:
    match = _SEMVER.fullmatch(text)
    assert match  # noqa: S101 - accepts() said so
    pre = match["pre"]
    return _number(text, Scheme.SEMVER, _release(match["release"]), pre.split(".") if pre else None)


def _read_dotted(text: str) -> Number:
    return _number(text, Scheme.DOTTED, _release(text))


def _read_build(text: str) -> Number:
    """Read the build as numbers and words behind the release: 1.0.0 < 1.0.0+2 < 1.0.0+10 < 1.0.1."""
    match = _BUILD.fullmatch(text)
    assert match  # noqa: S101 - accepts() said so
    number = _number(text, Scheme.BUILD, _release(match["release"]), match["pre"].split(".") if match["pre"] else None)
    build = re.split("[.-]", match["build"]) if match["build"] else []
    return replace(number, sort_key=number.sort_key + _fields(build)) if build else number


def _read_pep440(text: str) -> Number:
    version = pep440.read(text)
    key = _release_key(version.release, version.epoch) + b"\x00" + pep440.phase_key(version, _integer)
    is_below = version.is_prerelease and (version.pre is not None or version.post is None)
    value = version_int((MAX_MAJOR + 1,)) if version.epoch else version_int(version.release, is_prerelease=is_below)
    return Number(text, Scheme.PEP440, key, value, pep440.prerelease_word(version))


def _read_calver(text: str) -> Number:
    return _number(text, Scheme.CALVER, _release(text.replace("-", ".")))


def _read_other(text: str) -> Number:
    """`v1.2`, `release-7`, `1.0rc1` by their numbers; what has none sorts below all that have some."""
    match = _READING.fullmatch(text)
    if match is None:
        return Number(text, Scheme.OTHER, b"\x01" + _fields(_WORDS.findall(text)) + text.encode(), 0)
    release, rest = _release(match["release"]), match["rest"].partition("+")[0]
    if _PRERELEASE.match(rest):
        return replace(_number(text, Scheme.OTHER, release, _WORDS.findall(rest)), prerelease=rest.lstrip("-_.~"))
    return _number(text, Scheme.OTHER, release, post=_WORDS.findall(rest))


def _number(
    text: str, scheme: Scheme, release: tuple[int, ...], pre: list[str] | None = None, post: list[str] | None = None
) -> Number:
    key = _release_key(release) + b"\x00"
    key += b"\x01" + _fields(pre) if pre else b"\x03" + _fields(post) if post else b"\x02"
    return Number(text, scheme, key, version_int(release, is_prerelease=bool(pre)), ".".join(pre or ()))


def _release_key(release: tuple[int, ...], epoch: int = 0) -> bytes:
    """Return the key of the numbers without trailing zeros; a higher epoch is above all of the lower ones."""
    numbers = reversed(list(dropwhile(lambda part: part == 0, reversed(release))))
    head = b"\x03" + _integer(epoch) if epoch else b"\x02"
    return head + b"".join(_integer(part) for part in numbers)


def _fields(fields: list[str]) -> bytes:
    """Numbers below words, fewer below more.  Source: semver.org, item 11."""
    encoded = (b"\x02" + _integer(int(f)) if f.isdecimal() else b"\x03" + f.encode() + b"\x00" for f in fields)
    return b"".join(encoded) + b"\x01"


def _integer(value: int) -> bytes:
    """Its length before its bytes: longer numbers are greater."""
    raw = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes([16 + len(raw)]) + raw


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


_READERS = {
    Scheme.SEMVER: _read_semver,
    Scheme.DOTTED: _read_dotted,
    Scheme.CALVER: _read_calver,
    Scheme.BUILD: _read_build,
    Scheme.PEP440: _read_pep440,
    Scheme.OTHER: _read_other,
}
