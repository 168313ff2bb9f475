"""The version schemes: five strict ones and a free one, `other`, with the form of the numbers that each accepts."""

import re
from datetime import datetime
from enum import StrEnum

from versions import pep440

MAX_NUMBER_CHARACTERS = 128


class Scheme(StrEnum):
    """A version scheme: the rules for which texts are version numbers and how they compare."""

    SEMVER = "semver"
    DOTTED = "dotted"
    CALVER = "calver"
    BUILD = "build"
    PEP440 = "pep440"
    OTHER = "other"


_NUM = r"(?:0|[1-9][0-9]*)"
_DOTTED = re.compile(rf"{_NUM}(?:\.{_NUM}){{1,3}}")
_CALVER = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2}-[0-9]{6}")
SEMVER = re.compile(
    rf"(?P<release>{_NUM}\.{_NUM}\.{_NUM})"
    rf"(?:-(?P<pre>(?:{_NUM}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:{_NUM}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
BUILD = re.compile(
    rf"(?P<release>{_NUM}(?:\.{_NUM}){{0,7}})"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~!-]*(?: [A-Za-z0-9(][A-Za-z0-9._+~!()-]*)*")


# What a user reads after the message that a number is invalid under the scheme.
EXPECTED_FORMS = {
    Scheme.SEMVER: "Enter a semantic version, such as 1.4.0 or 2.0.0-rc.1.",
    Scheme.DOTTED: "Enter two to four numbers without leading zeros, such as 1.4 or 1.4.0.2.",
    Scheme.CALVER: "Enter a UTC time in the form YYYY.MM.DD-HHMMSS, such as 2026.01.31-235959.",
    Scheme.BUILD: "Enter a version with a build number, such as 1.4.0+12 or 21.0.1-ea+35.",
    Scheme.PEP440: "Enter a PEP 440 version, such as 1.4.0, 2.0rc1, 1.4.0.post1, 2.0.dev3 or 1!2.0.",
    Scheme.OTHER: (
        "Start with a letter or a digit, followed by letters, digits or the characters . _ + ~ ! - Words can be "
        "separated by single spaces."
    ),
}


def detect(text: str) -> Scheme:
    """Return the scheme that the form of the text suggests.

    A text that is a real date and time is calver. Semver and dotted are tried next. Everything else is other.
    """
    strict = (Scheme.CALVER, Scheme.SEMVER, Scheme.DOTTED)
    return next((scheme for scheme in strict if accepts(text, scheme)), Scheme.OTHER)


def accepts(text: str, scheme: Scheme) -> bool:
    """Return whether the scheme allows exactly this text. The pattern for semver follows semver.org."""
    if len(text) > MAX_NUMBER_CHARACTERS:
        return False
    if scheme is Scheme.CALVER:
        return bool(_CALVER.fullmatch(text)) and _is_moment(text)
    if scheme is Scheme.PEP440:
        return pep440.accepts(text)
    pattern = {Scheme.SEMVER: SEMVER, Scheme.DOTTED: _DOTTED, Scheme.BUILD: BUILD, Scheme.OTHER: _TOKEN}[scheme]
    return bool(pattern.fullmatch(text))


def _is_moment(text: str) -> bool:
    """Return whether the text is a date and time that exists. Leap seconds and the year 0 are refused."""
    try:
        datetime.strptime(text, "%Y.%m.%d-%H%M%S")  # noqa: DTZ007 - only asks whether it exists
    except ValueError:
        return False
    return not text.endswith("60") and not text.startswith("0000")
