"""What a file name says about platform, architecture and kind. Pure functions."""

from __future__ import annotations

import re
import sys
from platform import machine


def _word(pattern: str) -> str:
    """Return a pattern that matches only where no other letter or digit is beside it."""
    return rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])"


_PLATFORM_WORDS = {
    "linux": r"linux(?:32|64)?|musllinux|manylinux",
    "windows": r"windows|win(?:32|64)?",
    "macos": r"macos|darwin|osx|mac",
    "android": "android",
    "ios": "ios",
    "freebsd": "freebsd",
}
_ARCHITECTURE_WORDS = {
    "universal": "universal2?",
    "arm64": "arm64|aarch64|armv8",
    "armv7": "armv7l?|armhf",
    "riscv64": "riscv64",
    "x64": "x64|x86[_-]64|amd64",
    "x86": "x86(?![_-]64)|i[3-6]86|ia32|386",
}
_WIDTH_WORDS = {"win32": "x86", "win64": "x64", "linux32": "x86", "linux64": "x64"}
_PLATFORMS = {name: re.compile(_word(words)) for name, words in _PLATFORM_WORDS.items()}
_ARCHITECTURES = {name: re.compile(_word(words)) for name, words in _ARCHITECTURE_WORDS.items()}
_WIDTHS = {re.compile(_word(word)): width for word, width in _WIDTH_WORDS.items()}
_ENDINGS = {
    ".exe": "windows",
    ".msi": "windows",
    ".dmg": "macos",
    ".deb": "linux",
    ".rpm": "linux",
    ".appimage": "linux",
    ".apk": "android",
    ".ipa": "ios",
}
_SIGNATURES = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s")
_SBOMS = (".spdx.json", ".spdx", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
_SUMS = (".sha256", ".sha512", ".md5", ".sha256sum", ".sha512sum", "sha256sums", "sha512sums")


def kind_of(name: str) -> str:
    """`package`, or what goes along with one: `signature`, `sbom`, `other` for digests."""
    lower = name.lower()
    if lower.endswith(_SIGNATURES):
        return "signature"
    if lower.endswith(_SBOMS):
        return "sbom"
    return "other" if lower.endswith(_SUMS) else "package"


def target_of(name: str) -> tuple[str, str]:
    """(platform, architecture), each empty when the name does not say, or says several.

    What goes along with a package has none: whoever asks for the newest linux-x64 wants the package, not its signature.
    """
    if kind_of(name) != "package":
        return "", ""
    lower = name.lower()
    platform = _only(_PLATFORMS, lower)
    if not platform:
        platform = next((system for ending, system in _ENDINGS.items() if lower.endswith(ending)), "")
    architecture = _only(_ARCHITECTURES, lower)
    if not architecture:
        architecture = next((width for word, width in _WIDTHS.items() if word.search(lower)), "")
    return platform, architecture


def this_machine() -> str:
    """Such as linux-x64; only the platform when the processor is unknown."""
    platform = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    architecture = _only(_ARCHITECTURES, machine().lower())
    return f"{platform}-{architecture}" if architecture else platform


def _only(words: dict[str, re.Pattern[str]], text: str) -> str:
    found = [name for name, pattern in words.items() if pattern.search(text)]
    return found[0] if len(found) == 1 else ""
