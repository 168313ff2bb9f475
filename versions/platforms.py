"""Names of platforms and architectures, and their spellings. Versions and files may name others as well.

Rows store a name as it was sent, and every comparison is between all spellings of a name, in any case: `Darwin` finds
what was uploaded for `macos`, and the other way around. `win32` and `win64` find each other, too, but a version can
exist once for each of them.
"""

from collections.abc import Collection, Iterable, Mapping

PLATFORM_NAMES = {
    "windows": "Windows",
    "linux": "Linux",
    "macos": "macOS",
    "android": "Android",
    "ios": "iOS",
    "freebsd": "FreeBSD",
    "chromeos": "ChromeOS",
    "web": "Web",
}
PLATFORM_SPELLINGS = {
    "windows": ("windows", "win", "win32", "win64"),
    "linux": ("linux", "linux32", "linux64"),
    "macos": ("macos", "darwin", "osx", "mac", "macosx"),
}
SIZED = frozenset({"win32", "win64", "linux32", "linux64"})
MAX_PLATFORM_CHARACTERS = 256
MAX_PLATFORMS = 50
ARCHITECTURE_SPELLINGS = {
    "x64": ("x64", "x86_64", "x86-64", "amd64"),
    "x86": ("x86", "i386", "i486", "i586", "i686", "386", "ia32"),
    "arm64": ("arm64", "aarch64", "armv8"),
    "armv7": ("armv7", "armv7l", "armv7a", "armv7hf", "armhf", "armv8l"),
    "armv6": ("armv6", "armv6l", "armv6hf"),
    "riscv64": ("riscv64",),
    "ppc64le": ("ppc64le", "ppc64el", "powerpc64le"),
    "loong64": ("loong64", "loongarch64"),
    "universal": ("universal", "universal2"),
}
ALSO_RUN = {"armv7": ("armv6",)}  # programs for these architectures run without emulation
USUAL_ARCHITECTURES = {"macos": "arm64", "ios": "arm64", "android": "arm64"}  # x64 everywhere else


def _by_spelling(spellings: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {spelling: name for name, all_spellings in spellings.items() for spelling in all_spellings}


_PLATFORMS, _ARCHITECTURES = _by_spelling(PLATFORM_SPELLINGS), _by_spelling(ARCHITECTURE_SPELLINGS)


def fold_platform(word: str) -> str:
    """Return the hub's name of a platform for any of its spellings, or the word itself in lower case."""
    return _PLATFORMS.get(word.lower(), word.lower())


def fold_architecture(word: str) -> str:
    """Return the hub's name of an architecture for any of its spellings, or the word itself in lower case."""
    return _ARCHITECTURES.get(word.lower(), word.lower())


def usual_architecture(platform: str) -> str:
    """Return the architecture of most machines with this platform."""
    return USUAL_ARCHITECTURES.get(fold_platform(platform), "x64")


def architecture_place(platform: str, architecture: str) -> int:
    """Return a sort key: builds for every architecture come first, then those for most machines, then all others."""
    name = fold_architecture(architecture)
    return ["", "universal", usual_architecture(platform), name].index(name)


def platform_spellings(word: str) -> tuple[str, ...]:
    """Return all names that mean the same platform, for a database query."""
    name = fold_platform(word)
    return PLATFORM_SPELLINGS.get(name, (name,))


def architecture_spellings(word: str) -> tuple[str, ...]:
    """Return all names that mean the same architecture, for a database query."""
    name = fold_architecture(word)
    return ARCHITECTURE_SPELLINGS.get(name, (name,))


def suitable_architectures(word: str) -> set[str]:
    """Return all names of architectures whose programs run on this one, for a database query."""
    names = ("", "universal", word, *ALSO_RUN.get(fold_architecture(word), ()))
    return {spelling for name in names for spelling in architecture_spellings(name)}


def platform_key(word: str) -> str:
    """Return the text under which a version is stored for a platform: different texts mean different builds."""
    name = word.strip().lower()
    return name if name in SIZED else fold_platform(name)


def is_same_platform(first: str, second: str) -> bool:
    """Return whether builds for the two platforms could be offered to the same client as equals.

    `windows` is the same as `win32` and as `win64`, but these two are different.
    """
    keys = {platform_key(first), platform_key(second)}
    return len(keys) == 1 or (fold_platform(first) == fold_platform(second) and not keys <= SIZED)


def overlap(first: Collection[str], second: Collection[str]) -> bool:
    """Return whether two versions share a platform. One that declares none is for all platforms."""
    return not first or not second or any(is_same_platform(one, other) for one in first for other in second)


def distinct_platforms(names: Iterable[str]) -> list[str]:
    """Return the names as they were sent, without surrounding spaces and other spellings of the same key."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(platform_key(name), name.strip())
    return list(by_key.values())


def platform_name(platform: str) -> str:
    """Return the name that people read, or the platform itself if the hub does not know it."""
    return PLATFORM_NAMES.get(fold_platform(platform), platform)
