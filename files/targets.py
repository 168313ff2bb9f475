"""Read the platform and the architecture of a file from its name, to fill in a form. No rule depends on it."""

import re

from files.kinds import kind_of
from files.models import File
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES, fold_architecture, fold_platform

PLATFORMS = PLATFORM_NAMES.keys() - {"web"}  # "web" in a file name is more often a part of the name of the program
WIDTHS = {"win32": "x86", "win64": "x64", "linux32": "x86", "linux64": "x64"}
ENDINGS = {
    ".exe": "windows",
    ".msi": "windows",
    ".dmg": "macos",
    ".deb": "linux",
    ".rpm": "linux",
    ".appimage": "linux",
    ".apk": "android",
    ".ipa": "ios",
}
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def target_in_name(filename: str) -> tuple[str, str]:
    """Return the platform and the architecture, each empty if the name states none or several.

    Signatures, checksums and SBOMs have neither, so that a link to the newest Linux file leads to the package.
    """
    if kind_of(filename) != File.FileKind.PACKAGE:
        return "", ""
    lower = filename.lower()
    words = set(_BETWEEN_WORDS.split(lower.replace("x86_64", "x64").replace("x86-64", "x64")))
    platform = _only({fold_platform(word) for word in words} & PLATFORMS)
    if not platform:
        platform = next((name for ending, name in ENDINGS.items() if lower.endswith(ending)), "")
    architecture = _only({fold_architecture(word) for word in words} & ARCHITECTURE_SPELLINGS.keys())
    return platform, architecture or _only({WIDTHS[word] for word in words & WIDTHS.keys()})


def _only(names: set[str]) -> str:
    return names.pop() if len(names) == 1 else ""
