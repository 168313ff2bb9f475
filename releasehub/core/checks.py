"""System checks of the settings: whatever would fail later stops the start with a sentence that says what to set."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from releasehub.settings import env


@register(Tags.compatibility)
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """One error per variable that could not be used."""
    return [
        Error(message, hint=f"Correct {name} and start again.", id="releasehub.E001") for name, message in env.problems
    ]


@register(Tags.files)
def check_data_dir(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The data directory holds the database and the files of the embedded default."""
    path = Path(settings.DATA_DIR)
    if is_writable(path):
        return []
    return [
        Error(
            f"The data directory {path} cannot be written.",
            hint="Give this user the right to write there, or set RELEASEHUB_DATA_DIR to another directory.",
            id="releasehub.E002",
        )
    ]


def is_writable(path: Path) -> bool:
    """Whether the directory, or the nearest parent that exists, can be written."""
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
