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
    "macos": r"macos|darwin|osx|mac",
    "android": "android",
    "ios": "ios",
    "freebsd": "freebsd",
}
_ARCHITECTURE_WORDS = {
    "universal": "universal2?",
    "arm64": "arm64|aarch64|armv8",
    "armv7": "armv7[al]?|armhf|armv8l",
    "riscv64": "riscv64",
    "x64": "x64|x86[_-]64|amd64",
    "x86": "x86(?![_-]64)|i[3-6]86|ia32|386",
}
_WIDTH_WORDS = {"win32": "x86", "win64": "x64", "linux32": "x86", "linux64": "x64"}
_PLATFORMS = {name: re.compile(_whole_word(words)) for name, words in _PLATFORM_WORDS.items()}
_ARCHITECTURES = {name: re.compile(_whole_word(words)) for name, words in _ARCHITECTURE_WORDS.items()}
_WIDTHS = {re.compile(_whole_word(word)): width for word, width in _WIDTH_WORDS.items()}
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
_SEPARATORS = re.compile(r"[-_ +~()]")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_STAGE = re.compile(r"(alpha|beta|rc|dev|preview|pre|snapshot|nightly)(?:[-.]?([0-9]{1,20}))?(?![a-z])")
_SIGNATURES = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s")
_SBOMS = (".spdx.json", ".spdx", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
_UPDATES = (".blockmap", ".zsync")
_BUILDER_FILE = re.compile(
    r"(?:latest|alpha|beta)(?:-mac|-linux(?:-[a-z0-9]+)?)?\.yml|builder-(?:debug|effective-config)\.ya?ml"
)
_SUMS = (".sha256", ".sha512", ".md5", ".sha256sum", ".sha512sum", "sha256sums", "sha512sums")


def kind_of(name: str) -> str:
    """Return the kind of a file: `package`, `signature`, `sbom`, or `other` for digests and what updaters read."""
    lower = name.lower()
    if lower.endswith(_SIGNATURES):
        return "signature"
    if lower.endswith(_SBOMS):
        return "sbom"
    return "other" if lower.endswith(_SUMS + _UPDATES) or _BUILDER_FILE.fullmatch(lower) else "package"


def target_of(name: str) -> tuple[str, str]:
    """Return platform and architecture, each empty if the name states none or several.

    Signatures, digests and SBOMs have neither, so that a link to the newest linux-x64 leads to the package.
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
