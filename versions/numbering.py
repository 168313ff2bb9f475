"""Parse version numbers and compute the sort keys that compare them. Pure functions without database access.

`schemes.py` has the forms of the version schemes, `sort_keys.py` the encoding of the keys. The keys of all schemes
share one order, so that a download may go from `1.0` to `1.0.1-rc.1`: numbers are compared first, a pre-release is
below its release, and `1.0` equals `1.0.0`. Build metadata, the part after `+`, counts only under the scheme `build`;
under `pep440` that part is a local version.
"""

import re
from dataclasses import dataclass, replace

from versions import pep440
from versions.channels import STABLE, channel_of_prerelease
from versions.schemes import BUILD, EXPECTED_FORMS, MAX_NUMBER_CHARACTERS, SEMVER, Scheme, accepts, detect
from versions.sort_keys import fields_key, release_key

MAX_PART = 999
EXACT_PARTS = 3
MAX_MAJOR = (2**63 - 1) // 10**9 - 1


class InvalidNumber(ValueError):
    """The text is not a version number. Programs read `code`; people read the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Number:
    """A parsed version number.

    Attributes:
        text: The number as it was written.
        sort_key: Bytes that compare in version order, so that the database can sort by them.
        version_int: The number as the mc-dm dialect of the API represents it.
        prerelease: The part that makes this a pre-release, such as rc.1; empty for a release such as 1.4.0 or
            4.2.2-stable, although semver sorts the latter before 4.2.2.
    """

    text: str
    scheme: Scheme
    sort_key: bytes
    version_int: int
    prerelease: str = ""

    @property
    def is_prerelease(self) -> bool:
        return bool(self.prerelease)


_RESERVED = re.compile(r"latest(?:-.*)?|channel|sha256sums", re.IGNORECASE)
_READING = re.compile(
    r"(?:(?:version|ver|v|release|rel|rev|r|build)[-_. ]?)?(?P<release>[0-9]+(?:\.[0-9]+)*)(?P<rest>.*)", re.IGNORECASE
)
_PRERELEASE = re.compile(
    r"[-_.~ ]?\(?(?:alpha|beta|preview|pre|rc|dev|snapshot|nightly|a|b|c|m)(?![A-Za-z])", re.IGNORECASE
)
_WORDS = re.compile(r"[0-9]+|[A-Za-z]+")


def parse(text: str, scheme: Scheme | str | None = None) -> Number:
    """Return the number as `scheme` parses it, or as the first scheme that accepts it does (see `detect`).

    Raises:
        InvalidNumber: The text is empty, too long, reserved, or not valid under the scheme.
    """
    if not text:
        raise InvalidNumber("version.number_empty", "The version number is empty. Enter a number such as 1.4.0.")
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise InvalidNumber(
            "version.number_too_long",
            f"The version number has {len(text)} characters, but the limit is {MAX_NUMBER_CHARACTERS}. "
            "Enter a shorter number.",
        )
    scheme = Scheme(scheme) if scheme else detect(text)
    if not accepts(text, scheme):
        raise InvalidNumber(
            f"version.number_not_{scheme}", f"The version number {text!r} is invalid. {EXPECTED_FORMS[scheme]}"
        )
    if _RESERVED.fullmatch(text):
        raise InvalidNumber(
            "version.number_reserved",
            f"The version number {text} is reserved, because the URLs of downloads use this word. Choose "
            "another number.",
        )
    return _READERS[scheme](text)


def read(text: str, scheme: Scheme | str | None = None) -> Number:
    """Return the number that a user means, with or without a leading v, as the scheme parses it.

    Raises:
        InvalidNumber: The text is not a version number under any scheme.
    """
    if scheme:
        for spelling in (text, text[1:] if text[:1] in {"v", "V"} else ""):
            if spelling and accepts(spelling, Scheme(scheme)):
                return parse(spelling, scheme)
    return parse(text)


def sort_key_of(text: str, scheme: Scheme | str | None = None) -> bytes | None:
    """Return the sort key of the number that `read` finds, or None if the text is not a version number."""
    try:
        return read(text, scheme).sort_key
    except InvalidNumber:
        return None


def version_int(release: tuple[int, ...], *, is_prerelease: bool = False) -> int:
    """Return major·10⁹ + minor·10⁶ + patch·10³ + the fourth part; a pre-release is one less than its release.

    If a part is over 999, that part and all parts after it count as 999, so that a newer version never gets a smaller
    integer than an older one.
    """
    parts = [*release, 0, 0, 0, 0][:4]
    is_full = parts[0] > MAX_MAJOR
    value = min(parts[0], MAX_MAJOR)
    for part in parts[1:]:
        is_full = is_full or part > MAX_PART
        value = value * 1000 + (MAX_PART if is_full else part)
    return max(value - is_prerelease, 0)


def ceiling(text: str, scheme: Scheme | str | None = None) -> bytes:
    """Return the smallest sort key that counts as newer than `text`.

    A number that only adds detail, such as 1.4.2 to 1.4, stays below this key: 1.4.9 is not an update for 1.4, but
    1.5.0-rc.1 is one. `scheme` is the version scheme of the download. Under the scheme `build`, 1.4.0+2 is an update
    for 1.4.0+1.
    """
    number = read(text, scheme)
    epoch = pep440.read(number.text).epoch if number.scheme is Scheme.PEP440 else 0
    match = _READING.fullmatch(number.text.partition("!")[2] if epoch else number.text)
    if number.scheme is Scheme.CALVER or match is None or _rest_that_counts(match["rest"], number.scheme):
        # The number is exact, so the next greater key is the first that is newer.
        return number.sort_key + b"\x00"
    release = _release(match["release"])
    if number.scheme is Scheme.PEP440 and len(release) >= EXACT_PARTS:
        return number.sort_key + b"\x00"  # 1.4.0.post1 is an update for 1.4.0
    # The number may be abbreviated: 1.4 has every 1.4.x. The first newer key is that of the pre-releases of 1.5.
    return release_key((*release[:-1], release[-1] + 1), epoch) + b"\x00\x01"


def _rest_that_counts(rest: str, scheme: Scheme) -> str:
    """Return the part after the release numbers, without build metadata if the scheme ignores it."""
    return rest if scheme in {Scheme.BUILD, Scheme.PEP440} else rest.partition("+")[0]


def _read_semver(text: str) -> Number:
    match = SEMVER.fullmatch(text)
    assert match  # noqa: S101 - accepts() said so
    pre = match["pre"]
    return _number(text, Scheme.SEMVER, _release(match["release"]), pre.split(".") if pre else None)


def _read_dotted(text: str) -> Number:
    return _number(text, Scheme.DOTTED, _release(text))


def _read_build(text: str) -> Number:
    """Return the number with its build as numbers and words after the release: 1.0.0 < 1.0.0+2 < 1.0.0+10 < 1.0.1."""
    match = BUILD.fullmatch(text)
    assert match  # noqa: S101 - accepts() said so
    number = _number(text, Scheme.BUILD, _release(match["release"]), match["pre"].split(".") if match["pre"] else None)
    build = re.split("[.-]", match["build"]) if match["build"] else []
    return replace(number, sort_key=number.sort_key + fields_key(build)) if build else number


def _read_pep440(text: str) -> Number:
    version = pep440.read(text)
    key = release_key(version.release, version.epoch) + b"\x00" + pep440.phase_key(version)
    is_below = version.is_prerelease and (version.pre is not None or version.post is None)
    value = version_int((MAX_MAJOR + 1,)) if version.epoch else version_int(version.release, is_prerelease=is_below)
    return Number(text, Scheme.PEP440, key, value, pep440.prerelease_word(version))


def _read_calver(text: str) -> Number:
    return _number(text, Scheme.CALVER, _release(text.replace("-", ".")))


def _read_other(text: str) -> Number:
    """Return a free-form number such as `v1.2`, `release-7` or `1.0rc1`, sorted by the digits in it.

    A text without digits sorts below all texts with digits.
    """
    match = _READING.fullmatch(text)
    if match is None:
        return Number(text, Scheme.OTHER, b"\x01" + fields_key(_WORDS.findall(text)) + text.encode(), 0)
    release, rest = _release(match["release"]), match["rest"].partition("+")[0]
    if _PRERELEASE.match(rest):
        return replace(_number(text, Scheme.OTHER, release, _WORDS.findall(rest)), prerelease=rest.strip("-_.~ ()"))
    return _number(text, Scheme.OTHER, release, post=_WORDS.findall(rest))


def _number(
    text: str, scheme: Scheme, release: tuple[int, ...], pre: list[str] | None = None, post: list[str] | None = None
) -> Number:
    """Return the number with its sort key: the release, then a byte for its phase, then the fields of that phase."""
    key = release_key(release) + b"\x00"
    # The byte of the phase sorts a pre-release below its release, and what came after the release above it.
    if pre:
        key += b"\x01" + fields_key(pre)
    elif post:
        key += b"\x03" + fields_key(post)
    else:
        key += b"\x02"
    prerelease = ".".join(pre or ())
    if channel_of_prerelease(prerelease, otherwise="") == STABLE:
        prerelease = ""
    return Number(text, scheme, key, version_int(release, is_prerelease=bool(pre)), prerelease)


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
