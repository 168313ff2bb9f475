"""Choose the files that a visitor is offered, from the visitor's system. Pure functions over the files of a version."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from files.models import File
from files.primary import fitness
from files.querysets import UNIVERSAL
from versions.platforms import (
    ALSO_RUN,
    PLATFORM_NAMES,
    fold_architecture,
    fold_platform,
    platform_name,
    usual_architecture,
)

# Architectures whose programs a system runs as well as its own, the best one first.
ALSO_RUNS = {
    ("windows", "x64"): ("x86",),
    ("windows", "arm64"): ("x64", "x86"),
    ("macos", "arm64"): ("x64",),
    ("linux", "x64"): ("x86",),
    ("linux", "armv7"): ALSO_RUN["armv7"],
}
_PLATFORM_ORDER = tuple(PLATFORM_NAMES)


@dataclass(frozen=True)
class System:
    """A platform and an architecture, under the names that `versions.platforms` uses. Empty means unknown."""

    platform: str = ""
    architecture: str = ""

    @property
    def name(self) -> str:
        return f"{platform_name(self.platform)} {self.architecture}".strip()


@dataclass(frozen=True)
class Offer:
    """The files that a visitor is offered.

    Attributes:
        files: The files for the visitor's system. There are several if the architecture is unknown and the version has
            a file for each. None if nothing suits the system, or if the system is unknown and the choice depends on it.
        others: The best file of every other system.
    """

    files: list[File] = field(default_factory=list)
    others: list[File] = field(default_factory=list)

    def is_translated_on(self, system: System) -> bool:
        """Return whether the file is for another architecture, whose programs the system runs as well."""
        targets = {fold_architecture(file.architecture) for file in self.files}
        return bool(system.architecture and targets) and targets.isdisjoint({system.architecture, UNIVERSAL, ""})

    @property
    def needs_apple_silicon(self) -> bool:
        return [_target(file) for file in self.files] == [("macos", "arm64")]


def offer_to(system: System, files: Iterable[File]) -> Offer:
    """Return the offer for a visitor. The version of the files should be loaded."""
    packages = _best_kind([file for file in files if file.is_offered])
    own = _for_system(system, packages)
    chosen = {_target(file) for file in own}
    others = [file for file in _best_of_targets(packages) if _target(file) not in chosen]
    return Offer(own, others)


def file_for_platform(platform: str, files: Iterable[File], visitor: System) -> File | None:
    """Return one file to show in an example for the platform, or None if none suits it.

    It is the visitor's own file if the visitor uses this platform, and otherwise the one for most machines.
    """
    shown = list(files)
    systems = [System(platform, usual_architecture(platform)), System(platform)]
    if visitor.platform == platform and visitor.architecture:
        systems = [visitor]
    offered = (file for system in systems for file in offer_to(system, shown).files)
    return next(offered, None)


def _for_system(system: System, packages: list[File]) -> list[File]:
    if not system.platform:
        suiting = [file for file in packages if not file.platform]
        targets = {fold_platform(file.platform) for file in packages}
        return _for_architecture(System(), suiting or (packages if len(targets) == 1 else []))
    suiting = [file for file in packages if file.suits(system.platform)]
    return _for_architecture(system, [file for file in suiting if file.platform] or suiting)


def _for_architecture(system: System, files: list[File]) -> list[File]:
    """Return the best file for the architecture, or the best one of each if the architecture is unknown."""
    by_target = {fold_architecture(file.architecture): file for file in reversed(_ranked(system, files))}
    if system.architecture:
        wanted = (system.architecture, UNIVERSAL, "", *ALSO_RUNS.get((system.platform, system.architecture), ()))
    else:
        wanted = (UNIVERSAL, "")
    chosen = next((by_target[name] for name in wanted if name in by_target), None)
    if chosen is not None:
        return [chosen]
    return [] if system.architecture else _ranked(system, by_target.values())


def _best_kind(files: list[File]) -> list[File]:
    """Return the packages, or all files if there is no package. Signatures and checksums are left out."""
    return [file for file in files if file.kind == File.FileKind.PACKAGE] or files


def _best_of_targets(files: list[File]) -> list[File]:
    """Return the best file of each platform and architecture, in the order of the platforms."""
    best = {_target(file): file for file in reversed(_ranked(System(), files))}
    return [best[target] for target in sorted(best, key=_target_order)]


def _ranked(system: System, files: Collection[File]) -> list[File]:
    return sorted(files, key=lambda file: fitness(file, system.platform, system.architecture))


def _target(file: File) -> tuple[str, str]:
    return fold_platform(file.platform), fold_architecture(file.architecture)


def _target_order(target: tuple[str, str]) -> tuple[int, str, str]:
    platform, architecture = target
    place = _PLATFORM_ORDER.index(platform) if platform in _PLATFORM_ORDER else len(_PLATFORM_ORDER)
    return (place if platform else -1, platform, architecture)
