"""The options of `publish`, and the fields of uploaded files that follow from them and from the file names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from releasehub_cli.errors import usage
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.names import architecture_place, kind_of, place_among_builds, target_of


@dataclass(frozen=True)
class PublishRequest:
    """The options of the command.

    Attributes:
        values: The given ones of title, tag, release_notes and rollout_percent.
        labels: The labels of files by file name.
    """

    download: str
    number: str
    channel: str = ""
    values: dict[str, str | int] = field(default_factory=dict)
    platform: str = "auto"
    architecture: str = "auto"
    labels: dict[str, str] = field(default_factory=dict)
    is_draft: bool = False
    replaces: bool = False
    is_security_release: bool = False


def display_order(files: list[LocalFile]) -> dict[str, int]:
    """Return the position of each file: the same in every run, with packages for most machines first."""
    ranked = sorted(
        files,
        key=lambda file: (
            kind_of(file.name) != "package",
            target_of(file.name) != ("", ""),
            architecture_place(*target_of(file.name)),
            place_among_builds(file.name),
            file.name,
        ),
    )
    return {file.name: place for place, file in enumerate(ranked, 1)}


def fields_of(request: PublishRequest, file: LocalFile, place: int) -> dict[str, Any]:
    platform, architecture = target_of(file.name)
    return {
        "platform": _choose(request.platform, platform),
        "architecture": _choose(request.architecture, architecture),
        "kind": kind_of(file.name),
        "display_label": request.labels.get(file.name, ""),
        "display_order": place,
    }


def _choose(option: str, guessed: str) -> str:
    choice = option.strip().lower()
    return guessed if choice == "auto" else "" if choice == "none" else choice


def labels_by_name(options: Sequence[str], files: list[LocalFile]) -> dict[str, str]:
    """Return the labels by file name.

    Raises:
        CliError: It is unclear which file a label belongs to.
    """
    names = {file.name for file in files}
    labels: dict[str, str] = {}
    for text in options:
        name, sign, label = text.partition("=")
        if sign and Path(name).name in names:
            labels[Path(name).name] = label
        elif len(files) == 1:
            labels[files[0].name] = text
        else:
            raise usage(f"--label {text!r} does not name a file.", "Write --label NAME=TEXT.")
    return labels
