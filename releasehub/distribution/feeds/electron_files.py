"""The names of electron-updater's feeds, and the files that each of them lists.

A feed lists the files of one system: of all architectures for Windows and macOS, of one for Linux. The updater chooses
among them by the ending and by the architecture in the name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from files.models import File
from files.names import fold_name
from files.primary import preference
from files.querysets import UNIVERSAL
from releasehub.distribution.offers import System
from versions.platforms import ARCHITECTURE_SPELLINGS, architecture_spellings, fold_architecture

DEFAULT_CHANNEL_NAME = "latest"
WINDOWS, MACOS, LINUX = "windows", "macos", "linux"
# The updater of macOS installs zip files only; disk images are listed for people.
INSTALLED = {WINDOWS: (".exe",), MACOS: (".zip",), LINUX: (".appimage", ".deb", ".rpm", ".pacman")}
LISTED_TOO = {MACOS: (".dmg",)}
# A zip file can be anything, so its name has to say that it is for macOS unless a field does.
MACOS_WORDS = ("-mac.", "-mac-", "_mac.", "_mac_", "macos", "-darwin", "_darwin", "-osx", "_osx")
NO_INSTALLER = "portable"
# electron-builder writes every architecture but x64 into the names of files.
USUAL_ARCHITECTURE = "x64"
NAMED_ARCHITECTURES = {
    "arm64": ("arm64", "aarch64"),
    "armv7": ("armv7", "armhf", "-arm."),
    "x86": ("ia32", "i386", "i686"),
    "riscv64": ("riscv64",),
}


@dataclass(frozen=True)
class FeedName:
    """The channel and the system of a feed. The channel is empty for the one that the URL or the download names."""

    channel: str
    system: System


def read_name(name: str) -> FeedName:
    """Return what the name of a feed asks for: `beta-mac` for the channel beta on macOS."""
    channel, _, architecture = name.rpartition("-linux")
    if name.endswith("-mac"):
        feed = FeedName(name.removesuffix("-mac"), System(MACOS))
    elif channel and (not architecture or (architecture.startswith("-") and _hub_architecture(architecture[1:]))):
        feed = FeedName(channel, System(LINUX, _hub_architecture(architecture[1:]) or USUAL_ARCHITECTURE))
    else:
        feed = FeedName(name, System(WINDOWS))
    return FeedName("", feed.system) if feed.channel == DEFAULT_CHANNEL_NAME else feed


def installable(system: System) -> Q:
    """Return the condition for files that the updater of the system can install."""
    return _ending_in(INSTALLED[system.platform]) & _conditions(system)


def listed(system: System) -> Q:
    """Return the condition for files that the feed of the system lists."""
    return _ending_in(INSTALLED[system.platform] + LISTED_TOO.get(system.platform, ())) & _conditions(system)


def in_feed_order(files: Iterable[File], block_map_names: Iterable[str]) -> list[File]:
    """Return the files with the main one first.

    Installable files come before others, x64 and universal ones before other architectures, and files that have a block
    map before files without one. Then the preference of the team decides.
    """
    folded_names = set(block_map_names)
    others = tuple(ending for endings in LISTED_TOO.values() for ending in endings)

    def order(file: File) -> tuple[object, ...]:
        return (
            file.folded_name.endswith(others),
            architecture_of(file) not in {USUAL_ARCHITECTURE, UNIVERSAL},
            fold_name(f"{file.filename}.blockmap") not in folded_names,
            preference(file),
        )

    return sorted(files, key=order)


def architecture_of(file: File) -> str:
    """Return the architecture that the file declares, else the one in its name, else x64."""
    if file.architecture:
        return fold_architecture(file.architecture)
    named = (name for name, words in NAMED_ARCHITECTURES.items() if any(word in file.folded_name for word in words))
    return next(named, USUAL_ARCHITECTURE)


def _hub_architecture(architecture: str) -> str:
    """Return the hub's name of an architecture of Node, or an empty string."""
    name = {"arm": "armv7"}.get(architecture, fold_architecture(architecture))
    return name if name in ARCHITECTURE_SPELLINGS else ""


def _conditions(system: System) -> Q:
    # A link has no digest until a worker has fetched it, and the updater installs nothing without one.
    condition = (Q(blob__isnull=False) | Q(external_sha512__gt="")) & ~Q(folded_name__contains=NO_INSTALLER)
    if system.platform == MACOS:
        condition &= Q(platform__gt="") | _ending_in(LISTED_TOO[MACOS]) | _naming(MACOS_WORDS)
    if system.architecture:
        condition &= _for_architecture(system.architecture)
    return condition


def _for_architecture(architecture: str) -> Q:
    """Return the condition for files of one architecture, by their field or else by their name."""
    declared = Q(architecture__lower__in=[*architecture_spellings(architecture), *architecture_spellings(UNIVERSAL)])
    if architecture == USUAL_ARCHITECTURE:
        others = [word for words in NAMED_ARCHITECTURES.values() for word in words]
        return declared | Q(architecture="") & ~_naming(others)
    return declared | Q(architecture="") & _naming(NAMED_ARCHITECTURES.get(architecture, (architecture,)))


def _ending_in(endings: Iterable[str]) -> Q:
    return reduce(or_, (Q(folded_name__endswith=ending) for ending in endings))


def _naming(words: Iterable[str]) -> Q:
    return reduce(or_, (Q(folded_name__contains=word) for word in words))
