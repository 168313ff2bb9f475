"""Platforms and architectures: detect those of this machine, and choose the file of a version for them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from platform import machine

from releasehub_cli.errors import CliError, not_found
from releasehub_cli.names import architecture_place, fold_architecture, fold_platform, kind_of, place_among_builds
from releasehub_cli.shapes import FileRow

AUTO, ANY = "auto", "any"
UNIVERSAL = "universal"
_ALSO_RUN = {"armv7": "armv6"}  # programs for this architecture run without emulation


@dataclass(frozen=True)
class ClientSystem:
    """A platform and an architecture under the names that the hub uses. An empty value means any."""

    platform: str = ""
    architecture: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, [self.platform, self.architecture]))


def this_machine() -> ClientSystem:
    """Return the system of this machine. An architecture that the hub has no name for keeps its own name."""
    platform = sys.platform
    if hasattr(sys, "getandroidapilevel"):
        platform = "android"
    elif platform.startswith(("cygwin", "msys")):
        platform = "windows"
    return ClientSystem(fold_platform(platform.rstrip("0123456789.")), fold_architecture(machine()))


def requested_system(platform: str, architecture: str) -> ClientSystem:
    """Return the system that `--platform` and `--arch` name. The defaults are those of this machine.

    For a different platform than that of this machine, the architecture defaults to any.
    """
    machine_system = this_machine()
    name, _, behind = platform.strip().lower().partition("-")
    if name == ANY:
        return ClientSystem("", "" if architecture in {"", ANY} else fold_architecture(architecture))
    platform_name = machine_system.platform if name in {"", AUTO} else fold_platform(name)
    requested_architecture = architecture.strip().lower() or behind
    if requested_architecture == ANY:
        return ClientSystem(platform_name)
    if requested_architecture not in {"", AUTO}:
        return ClientSystem(platform_name, fold_architecture(requested_architecture))
    return ClientSystem(platform_name, machine_system.architecture if platform_name == machine_system.platform else "")


def best_file(files: Sequence[FileRow], system: ClientSystem) -> FileRow | None:
    """Return the best file for a system, or None. The rule is that of the permanent links of the hub."""
    fits = [file for file in files if _suits(file, system)]
    return min(fits, key=lambda file: _preference(file, system), default=None)


def no_matching_file(subject: str, files: Sequence[FileRow], system: ClientSystem) -> CliError:
    """Return the error for a version without a file for the system. Its hint lists the files of the version."""
    lines = [f"  {file['filename']}  ({_description(file)})" for file in files] or ["  none"]
    hint = [
        "Choose a file with --platform, --arch or --file. --platform any chooses the primary file. The files are:",
        *lines,
    ]
    return not_found(f"{subject} has no file for {system}.", "\n".join(hint))


def _suits(file: FileRow, system: ClientSystem) -> bool:
    if file["validation_status"] == "failed":
        return False
    platform, architecture = fold_platform(file["platform"]), fold_architecture(file["architecture"])
    if system.platform and platform != system.platform and (platform or not _is_package(file)):
        return False
    wanted = system.architecture
    return not wanted or architecture in {"", UNIVERSAL, wanted, _ALSO_RUN.get(wanted, wanted)}


def _preference(file: FileRow, system: ClientSystem) -> tuple[bool, bool, bool, bool, int, tuple[bool, str]]:
    return (
        not _is_package(file),
        bool(system.platform) and not file["platform"],
        bool(system.architecture) and fold_architecture(file["architecture"]) != system.architecture,
        not file["is_primary"],
        architecture_place(file["platform"], file["architecture"]),
        place_among_builds(file["filename"]),
    )


def _is_package(file: FileRow) -> bool:
    return (file.get("kind") or kind_of(file["filename"])) == "package"


def _description(file: FileRow) -> str:
    if file["platform"] or file["architecture"]:
        return "-".join(filter(None, [file["platform"] or ANY, file["architecture"]]))
    return "any system" if _is_package(file) else str(file.get("kind") or kind_of(file["filename"]))
