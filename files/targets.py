"""Read the platform and the architecture of a file from its name, for uploads and imports that state neither."""

import re

from files.kinds import kind_of
from files.models import File
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES, fold_architecture, fold_platform

PLATFORMS = PLATFORM_NAMES.keys() - {"web"}  # "web" in a file name is more often a part of the name of the program
# Without these, a file for one of them would count as a file for every system.
OTHER_PLATFORMS = frozenset(
    ["aix", "dragonflybsd", "illumos", "netbsd", "openbsd", "plan9", "solaris", "sunos", "wasip1", "wasip2"]
)
OTHER_ARCHITECTURES = frozenset(
    ["mips64", "mips64el", "mips64le", "mipsel", "mipsle", "powerpc64", "ppc64", "s390x", "sparc64", "wasm32"]
) | {"amd64v2", "amd64v3", "amd64v4", "armel", "armv5", "armv5te"}
WIDTHS = {"bits32": "x86", "bits64": "x64"}
ENDINGS = {
    "windows": (".exe", ".msi", ".msix", ".msixbundle", ".appx", ".appxbundle", ".msi.zip", ".nsis.zip"),
    "macos": (".dmg", ".pkg", ".app.zip", ".app.tar.gz"),
    "linux": (
        ".deb",
        ".rpm",
        ".appimage",
        ".appimage.tar.gz",
        ".flatpak",
        ".snap",
        ".pacman",
        ".pkg.tar.xz",
        ".pkg.tar.zst",
    ),
    "android": (".apk", ".aab"),
    "ios": (".ipa",),
}
# Rewritten before the name is split into words: x86_64, arm-64, 64-bit, win64, windows-64, linuxarm64, arm-v7,
# manylinux2014.
_SPELLINGS = (
    (re.compile(r"x86[_-]64|(?:intel|amd)[_-]64"), "x64"),
    (re.compile(r"arm[_-]64"), "arm64"),
    (re.compile(r"(?<![a-z0-9])(32|64)[_-]?bits?(?![a-z0-9])"), r"bits\1"),
    (re.compile(r"(?<![a-z0-9])(windows|win|linux|darwin|macos|osx|mac)[_-]?(32|64)(?![a-z0-9])"), r"\1-bits\2"),
    (re.compile(r"(?<![a-z0-9])w(32|64)(?![a-z0-9])"), r"windows-bits\1"),
    (re.compile(r"(windows|win|linux|darwin|macos|osx|mac)(x64|x86|amd64|arm64|aarch64)(?![a-z0-9])"), r"\1-\2"),
    (re.compile(r"(?<![a-z0-9])arm(?:32|eabi)?[_-]?v?([567])(?=[al]?(?:hf)?(?![a-z0-9]|\.[0-9]))"), r"armv\1"),
    # A program for any 32-bit Arm runs on armv7.
    (re.compile(r"(linux|freebsd|windows)(?:[_-]musl)?[_-]?arm(?:32)?(?![a-z0-9])"), r"\1-armv7"),
    (re.compile(r"(?<![a-z0-9])arm-(?:unknown-)?linux-(gnu|musl)"), r"armv7-linux-\1"),
    (re.compile(r"-r[0-9]+\.apk$"), "-linux.apk"),  # packages of Alpine have the number of their build there
    (re.compile(r"(?<![a-z0-9])(?:many|musl)linux\d*(?![a-z0-9])"), "linux"),
    (re.compile(r"(?<![a-z0-9])linux(?:musl|glibc)(?![a-z0-9])"), "linux"),
)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def target_in_name(filename: str) -> tuple[str, str]:
    """Return the platform and the architecture, each empty if the name states none or several.

    Signatures, checksums and SBOMs have neither, so that a link to the newest Linux file leads to the package.
    """
    if kind_of(filename) != File.FileKind.PACKAGE:
        return "", ""
    lower = spelled = filename.lower()
    for spelling, plain in _SPELLINGS:
        spelled = spelling.sub(plain, spelled)
    words = set(_BETWEEN_WORDS.split(spelled))
    platform = _only({fold_platform(word) for word in words} & PLATFORMS)
    if not platform:
        platform = next((name for name, endings in ENDINGS.items() if lower.endswith(endings)), "")
    return platform or _only(words & OTHER_PLATFORMS), _architecture_of(words)


def _architecture_of(words: set[str]) -> str:
    known = {fold_architecture(word) for word in words} & ARCHITECTURE_SPELLINGS.keys()
    return _only(known) or _only({WIDTHS[word] for word in words & WIDTHS.keys()}) or _only(words & OTHER_ARCHITECTURES)


def _only(names: set[str]) -> str:
    return names.pop() if len(names) == 1 else ""
