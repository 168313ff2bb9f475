"""System checks of the settings: whatever would fail later stops the start with a sentence that says what to set."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from releasehub.settings import env


@register(Tags.compatibility)
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """One error per variable that could not be used."""
    return [
        Error(message, hint=f"Correct {name} and start again.", id="releasehub.E001") for name, message in env.problems
    ]


@register(Tags.database)
def check_database_pool(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each thread of a process may hold a connection; a smaller pool lets requests wait for uploads that are slow."""
    threads = settings.WEB_THREADS + settings.UPLOAD_THREADS + settings.EMBEDDED_THREADS
    if not settings.DATABASE_POOL_SIZE or threads <= settings.DATABASE_POOL_SIZE:
        return []
    return [
        Warning(
            f"RELEASEHUB_DATABASE_POOL={settings.DATABASE_POOL_SIZE} has fewer connections than the {threads} threads "
            "of a web process.",
            hint="Remove it, or lower RELEASEHUB_WEB_THREADS and RELEASEHUB_UPLOAD_THREADS.",
            id="releasehub.W001",
        )
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
