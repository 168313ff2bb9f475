"""Compute sort keys in the order of PEP 440, in the byte format that the other version schemes use.

The order is described in PEP 440, section "Summary of permitted suffixes and relative ordering".
"""

from packaging.version import InvalidVersion, Version

from versions.sort_keys import integer_key

PRERELEASE, FINAL, POST = b"\x01", b"\x02", b"\x03"
DEV, PLAIN, AFTER = b"\x00", b"\x01", b"\x02"


def accepts(text: str) -> bool:
    """Return whether the text is a version under PEP 440, in any spelling, but without surrounding spaces."""
    return text.isascii() and text == text.strip() and _parse(text) is not None


def read(text: str) -> Version:
    """Return the parsed version. The caller has checked the text with `accepts`."""
    return Version(text)


def prerelease_word(version: Version) -> str:
    """Return the word of the least stable part of the version: dev comes before a, b and rc; empty for a release."""
    if version.dev is not None:
        return "dev"
    return version.pre[0] if version.pre else ""


def phase_key(version: Version) -> bytes:
    """Return the part of the key after the release: dev < a < b < rc < final < post, each before its local versions."""
    number = b"\x02"
    if version.pre is not None:
        letter, count = version.pre
        key = PRERELEASE + b"\x03" + letter.encode() + b"\x00" + number + integer_key(count)
        key += _with_post(version)
    elif version.post is not None:
        key = POST + b"\x03post\x00" + number + integer_key(version.post) + _with_dev(version)
    elif version.dev is not None:
        key = PRERELEASE + number + integer_key(version.dev) + PLAIN
    else:
        key = FINAL
    return key + _local(version)


def _with_post(version: Version) -> bytes:
    """Return the part after a pre-release: 1.0a1.dev2 < 1.0a1 < 1.0a1.post1.dev2 < 1.0a1.post1."""
    if version.post is None:
        return _with_dev(version)
    return AFTER + integer_key(version.post) + _with_dev(version)


def _with_dev(version: Version) -> bytes:
    return PLAIN if version.dev is None else DEV + integer_key(version.dev)


def _local(version: Version) -> bytes:
    """Return the key of the local version after the +: words sort below numbers, and fewer segments below more."""
    if version.local is None:
        return b""
    parts = version.local.split(".")
    encoded = (b"\x03" + integer_key(int(p)) if p.isdecimal() else b"\x02" + p.encode() + b"\x00" for p in parts)
    return b"".join(encoded) + b"\x01"


def _parse(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
