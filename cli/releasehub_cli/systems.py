"""The system a file is for, the system this machine has, and which file of a version suits it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from platform import machine

from releasehub_cli.errors import CliError, not_found
from releasehub_cli.names import fold_architecture, fold_platform, kind_of
from releasehub_cli.shapes import FileRow

AUTO, ANY = "auto", "any"
UNIVERSAL = "universal"


@dataclass(frozen=True)
class System:
    """A platform and an architecture under the names the hub uses; an empty one means any."""

    platform: str = ""
    architecture: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, [self.platform, self.architecture]))


def this_machine() -> System:
    """Return the system this process runs on. A processor the hub has no name for keeps its own name."""
    platform = sys.platform
    if hasattr(sys, "getandroidapilevel"):
        platform = "android"
    elif platform.startswith(("cygwin", "msys")):
        platform = "windows"
    return System(fold_platform(platform.rstrip("0123456789.")), fold_architecture(machine()))


def wanted_system(platform: str, architecture: str) -> System:
    """Return the system that `--platform` and `--arch` name; what is missing comes from this machine.

    Another platform than this machine's has every architecture unless one is named.
    """
    here = this_machine()
    name, _, behind = platform.strip().lower().partition("-")
    if name == ANY:
        return System("", "" if architecture in {"", ANY} else fold_architecture(architecture))
    chosen = here.platform if name in {"", AUTO} else fold_platform(name)
    given = architecture.strip().lower() or behind
    if given == ANY:
        return System(chosen)
    if given not in {"", AUTO}:
        return System(chosen, fold_architecture(given))
    return System(chosen, here.architecture if chosen == here.platform else "")


def best_file(files: Sequence[FileRow], system: System) -> FileRow | None:
    """Return the file to offer to that system; the rule is the one of the hub's permanent links."""
    fits = [file for file in files if _suits(file, system)]
    return min(fits, key=lambda file: _preference(file, system), default=None)


def nothing_fits(what: str, files: Sequence[FileRow], system: System) -> CliError:
    """Return the error that lists what there is instead of fetching a file for another system."""
    lines = [f"  {file['filename']}  ({_described(file)})" for file in files] or ["  no file"]
    hint = ["Choose with --platform, --arch or --file; --platform any takes the primary file. There is:", *lines]
    return not_found(f"{what} has no file for {system}.", "\n".join(hint))


def _suits(file: FileRow, system: System) -> bool:
    if file["validation_status"] == "failed":
        return False
    platform, architecture = fold_platform(file["platform"]), fold_architecture(file["architecture"])
    if system.platform and platform != system.platform and (platform or not _is_package(file)):
        return False
    return not system.architecture or architecture in {"", UNIVERSAL, system.architecture}


def _preference(file: FileRow, system: System) -> tuple[bool, bool, bool, bool, str]:
    return (
        not _is_package(file),
        bool(system.platform) and not file["platform"],
        bool(system.architecture) and fold_architecture(file["architecture"]) != system.architecture,
        not file["is_primary"],
        file["filename"].casefold(),
    )


def _is_package(file: FileRow) -> bool:
    return (file.get("kind") or kind_of(file["filename"])) == "package"


def _described(file: FileRow) -> str:
    if file["platform"] or file["architecture"]:
        return "-".join(filter(None, [file["platform"] or ANY, file["architecture"]]))
    return "every system" if _is_package(file) else str(file.get("kind") or kind_of(file["filename"]))
