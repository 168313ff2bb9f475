"""Read platform, architecture, kind and version from a file name. Pure functions."""

from __future__ import annotations

import re
import unicodedata


def _whole_word(pattern: str) -> str:
    """Return a pattern that matches whole words only."""
    return rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])"


_PLATFORM_WORDS = {
    "linux": r"linux(?:32|64)?|musllinux|manylinux",
    "windows": r"windows|win(?:32|64)?",
    "macos": r"macosx?|darwin|osx|mac",
    "android": "android",
    "ios": "ios",
    "freebsd": "freebsd",
}
_ARCHITECTURE_WORDS = {
    "universal": "universal2?",
    "arm64": "arm64|aarch64|armv8",
    "armv7": "armv7(?:[al]|hf)?|armhf|armv8l",
    "armv6": "armv6(?:l|hf)?",
    "riscv64": "riscv64",
    "ppc64le": "ppc64le|ppc64el|powerpc64le",
    "loong64": "loong64|loongarch64",
    "x64": "x64|x86[_-]64|amd64",
    "x86": "x86(?![_-]64)|i[3-6]86|ia32|386",
}
_USUAL_ARCHITECTURES = {"macos": "arm64", "ios": "arm64", "android": "arm64"}  # x64 everywhere else
# Without these, a file for one of them would count as a file for every system.
_OTHER_PLATFORM_WORDS = "aix dragonflybsd illumos netbsd openbsd plan9 solaris sunos wasip1 wasip2"
_OTHER_ARCHITECTURE_WORDS = (
    "mips64 mips64el mips64le mipsel mipsle powerpc64 ppc64 s390x sparc64 wasm32 "
    "amd64v2 amd64v3 amd64v4 armel armv5 armv5te"
)
_WIDTH_WORDS = {"bits32": "x86", "bits64": "x64"}
_PLATFORMS = {name: re.compile(_whole_word(words)) for name, words in _PLATFORM_WORDS.items()}
_ARCHITECTURES = {name: re.compile(_whole_word(words)) for name, words in _ARCHITECTURE_WORDS.items()}
_OTHER_PLATFORMS = {word: re.compile(_whole_word(word)) for word in _OTHER_PLATFORM_WORDS.split()}
_OTHER_ARCHITECTURES = {word: re.compile(_whole_word(word)) for word in _OTHER_ARCHITECTURE_WORDS.split()}
_WIDTHS = {re.compile(_whole_word(word)): width for word, width in _WIDTH_WORDS.items()}
_ENDINGS = {
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
_DISTRIBUTION_ENDINGS = (".apk", ".deb", ".flatpak", ".ipk", ".pkg.tar.xz", ".pkg.tar.zst", ".rpm", ".snap")
_SEPARATORS = re.compile(r"[-_ +~()]")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_STAGE = re.compile(r"(alpha|beta|rc|dev|preview|pre|snapshot|nightly)(?:[-.]?([0-9]{1,20}))?(?![a-z])")
# The hub has the same rules for clients that declare no kind, in files/kinds.py.
_SIGNATURES = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s", ".att", ".intoto.jsonl")
_SBOMS = (".spdx", ".spdx.json", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
_SBOM_NAMES = {"sbom.json", "bom.json", "sbom.xml", "bom.xml"}
# What updaters read next to a package: the block maps of electron-builder and the control files of zsync.
_UPDATES = (".blockmap", ".zsync")
_KEYS = (".pub", ".pem", ".crt", ".cer", ".cert")
# They describe a package of Debian, or say where else to fetch a file.
_DESCRIPTIONS = (".buildinfo", ".changes", ".dsc", ".meta4", ".metalink", ".torrent")
# Bundles of cosign: tool.tar.gz.bundle, checksums.txt.cosign.bundle. Bundles of Git are packages: tool-1.2.bundle.
_SIGNED_BUNDLE = re.compile(r"\.(?:[a-z]+|7z|bz2)\.bundle$")
# tool_1.2.3_checksums.txt of GoReleaser, SHASUMS256.txt, checksums-linux.txt, tool.zip.sha256, tool-sha512
_DIGESTS = re.compile(
    r"(?:checksums?|(?:sha|md5|b2)[-_]?[0-9]{0,3}[-_]?sums?[0-9]{0,3}|(?<![a-z0-9])(?:sha[0-9]{0,3}|md5|hashes|digests?))"
    r"(?:(?![a-z0-9])[^/]{0,255}\.(?:txt|json|csv|sum))?$"
)
# The feeds that electron-builder, Sparkle, Squirrel and Velopack write. The hub answers with its own.
_FEEDS = re.compile(
    r"(?:latest|alpha|beta)(?:-mac|-linux(?:-[a-z0-9]+)?)?\.yml|builder-(?:debug|effective-config)\.ya?ml"
    r"|latest\.json|appcast\.xml|releases(?:\.json)?|updates\.json|(?:releases|assets)\.[a-z0-9-]+\.json"
)
_TEXTS = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changelog|changes|release[-_]?notes)(?:\.(?:md|txt|rst|html))?"
)


def kind_of(name: str) -> str:
    """Return the kind of a file: `signature`, `sbom`, `other` for digests, keys and texts, or else `package`."""
    lower = name.lower()
    if lower.endswith(_SIGNATURES) or _SIGNED_BUNDLE.search(lower):
        return "signature"
    if lower.endswith(_SBOMS) or lower in _SBOM_NAMES:
        return "sbom"
    is_other = lower.endswith(_UPDATES + _KEYS + _DESCRIPTIONS) or _DIGESTS.search(lower)
    return "other" if is_other or _FEEDS.fullmatch(lower) or _TEXTS.fullmatch(lower) else "package"


def target_of(name: str) -> tuple[str, str]:
    """Return platform and architecture, each empty if the name states none or several.

    Signatures, digests and SBOMs have neither, so that a link to the newest linux-x64 leads to the package.
    """
    if kind_of(name) != "package":
        return "", ""
    lower = spelled = name.lower()
    for spelling, plain in _SPELLINGS:
        spelled = spelling.sub(plain, spelled)
    platform = _only(_PLATFORMS, spelled)
    if not platform:
        platform = next((system for system, endings in _ENDINGS.items() if lower.endswith(endings)), "")
    architecture = _only(_ARCHITECTURES, spelled)
    if not architecture:
        architecture = next((width for word, width in _WIDTHS.items() if word.search(spelled)), "")
    return platform or _only(_OTHER_PLATFORMS, spelled), architecture or _only(_OTHER_ARCHITECTURES, spelled)


def architecture_place(platform: str, architecture: str) -> int:
    """Return a sort key: builds for every architecture come first, then those for most machines, then all others."""
    name = fold_architecture(architecture)
    return ["", "universal", _USUAL_ARCHITECTURES.get(fold_platform(platform), "x64"), name].index(name)


def place_among_builds(name: str) -> tuple[bool, str]:
    """Return a sort key for builds of one target: the ordinary one first, as on the hub (files/primary.py).

    Packages that only some distributions of Linux can install come last. Dots come before other characters, so that
    tool-linux.zip comes before tool-linux-debug.zip.
    """
    lower = name.casefold()
    return lower.endswith(_DISTRIBUTION_ENDINGS), lower.replace(".", "\0")


def fold_platform(word: str) -> str:
    """Return the hub's name of a platform for any of its spellings, or the word itself in lower case."""
    return _canonical(_PLATFORMS, word)


def fold_architecture(word: str) -> str:
    """Return the hub's name of an architecture for any of its spellings, or the word itself in lower case."""
    return _canonical(_ARCHITECTURES, word)


def _canonical(patterns: dict[str, re.Pattern[str]], word: str) -> str:
    lower = word.strip().lower()
    return next((name for name, pattern in patterns.items() if pattern.fullmatch(lower)), lower)


def _only(patterns: dict[str, re.Pattern[str]], text: str) -> str:
    matches = [name for name, pattern in patterns.items() if pattern.search(text)]
    return matches[0] if len(matches) == 1 else ""


def contradicting_version(name: str, number: str) -> str:
    """Return the version that a file name states if it contradicts `number`, and otherwise an empty string.

    Only numbers of the same length count, so `tool-2.0.0-macos-14.0.zip` may be a file of 2.0.0. Takes linear time.
    """
    release, stage = _split_number(number.strip().lower().partition("+")[0].removeprefix("v"))
    if len(release) < 2:
        return ""
    words = _SEPARATORS.sub("-", name.lower()).split("-")
    stated = [
        (*_split_number(word.removeprefix("v")), words[place + 1 : place + 3]) for place, word in enumerate(words)
    ]
    alike = [item for item in stated if len(item[0]) == len(release)]
    same = [item for item in alike if item[0] == release]
    if not same:
        return ".".join(alike[0][0]) if alike else ""
    for _, own, behind in same:
        stage_in_name = _stage("-".join([own, *behind]))
        if stage_in_name in {"", _stage(stage)}:
            return ""
    return f"{'.'.join(release)}-{stage_in_name}"


def _split_number(word: str) -> tuple[list[str], str]:
    """Return the numbers at the start of `1.05.0-rc.1` without leading zeros, and the rest of the text."""
    match = _NUMBERS.match(word)
    if match is None:
        return [], word
    return [part.lstrip("0") or "0" for part in match[0].split(".")], word[match.end() :]


def _stage(text: str) -> str:
    """Return `rc1` for `rc.1`, `rc-1.zip` and `rc1-linux`, or an empty string without a pre-release at the start."""
    match = _STAGE.match(text.lstrip("-."))
    return f"{match[1]}{match[2] or ''}" if match else ""


def has_control_characters(name: str) -> bool:
    """Return whether a name has characters that do not print. Special spaces, such as the no-break space, do."""
    return not all(char.isprintable() or unicodedata.category(char) == "Zs" for char in name)
