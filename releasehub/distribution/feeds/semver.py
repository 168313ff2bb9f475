"""Version numbers in the form of Semantic Versioning, which updaters require. Pure functions."""

import re

from versions.schemes import SEMVER

MAX_PARTS = 3
MAX_CHARACTERS = 256
MAX_PART = 2**53 - 1  # the largest integer of JavaScript; its semver package refuses larger ones
_NUMBER = re.compile(r"[vV]?(?P<release>[0-9]+(?:\.[0-9]+)*)(?P<rest>(?:[-+].*)?)")


def semver_of(number: str) -> str:
    """Return the number in the form of SemVer, or an empty string if it has none.

    `v1.4.2` becomes `1.4.2` and `1.4` becomes `1.4.0`. A number with four parts has no such form: every number that
    could stand for it compares differently.
    """
    match = _NUMBER.fullmatch(number)
    if match is None:
        return ""
    parts = match["release"].split(".")
    text = ".".join([*parts, *["0"] * (MAX_PARTS - len(parts))]) + match["rest"]
    is_valid = len(text) <= MAX_CHARACTERS and SEMVER.fullmatch(text) and max(map(int, parts)) <= MAX_PART
    return text if is_valid else ""
