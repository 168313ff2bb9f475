"""System checks of the settings, with messages that say what to correct.

Values of the wrong form never get here: `releasehub.settings.environment` ends the process before.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from releasehub.settings.environment import RENAMED_VARIABLES


@register(Tags.compatibility)
def check_renamed_variables(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about each environment variable that is set under its deprecated name."""
    return [
        Warning(f"{old} is deprecated.", hint=f"Rename it to {new}.", id="releasehub.W002")
        for old, new in RENAMED_VARIABLES.items()
        if os.environ.get(old, "").strip()
    ]


@register(Tags.database)
def check_database_pool(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn if the connection pool is smaller than the number of threads.

    Each thread may hold a connection, so with a smaller pool ordinary requests wait until slow uploads finish.
    """
    threads = settings.WEB_THREADS + settings.UPLOAD_THREADS + settings.EMBEDDED_THREADS
    if not settings.DATABASE_POOL_SIZE or threads <= settings.DATABASE_POOL_SIZE:
        return []
    return [
        Warning(
            f"RELEASEHUB_DATABASE_POOL is {settings.DATABASE_POOL_SIZE}, but a web process has {threads} threads that "
            "may each need a database connection.",
            hint="Unset RELEASEHUB_DATABASE_POOL, or lower RELEASEHUB_WEB_THREADS and RELEASEHUB_UPLOAD_THREADS.",
            id="releasehub.W001",
        )
    ]


@register(Tags.database)
def check_replica(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the database of a replica is PostgreSQL."""
    if not settings.USE_REPLICA or "postgresql" in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        Error(
            "RELEASEHUB_REPLICA_URL is set, but DATABASE_URL is not a PostgreSQL database.",
            hint="Set DATABASE_URL to the primary of the replica, or unset RELEASEHUB_REPLICA_URL.",
            id="releasehub.E005",
        )
    ]


@register(Tags.database)
def check_encoding(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that PostgreSQL can store every character. It needs a connection, so only `migrate` and `serve` do this."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection: Any = connections[alias]
        if connection.vendor != "postgresql":
            continue
        connection.ensure_connection()
        encoding = connection.connection.info.parameter_status("server_encoding")
        if encoding not in {"UTF8", "SQL_ASCII"}:
            found.append(
                Error(
                    f"The database {connection.settings_dict['NAME']} has the encoding {encoding}, which cannot store "
                    "all characters.",
                    hint="Create an empty database with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and set "
                    "DATABASE_URL to it.",
                    id="releasehub.E006",
                )
            )
    return found


@register(Tags.compatibility)
def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn if the hub has to guess its own URL for links in webhooks, e-mails and chats."""
    if settings.PUBLIC_URL or settings.IS_FALLBACK_URL_KNOWN:
        return []
    return [
        Warning(
            "RELEASEHUB_PUBLIC_URL is not set, and ALLOWED_HOSTS does not tell the URL of the hub. Links in webhooks "
            f"and e-mails begin with {settings.FALLBACK_URL}, where receivers may not find anything.",
            hint="Set RELEASEHUB_PUBLIC_URL to the URL that users enter, such as https://releases.example.org.",
            id="releasehub.W003",
        )
    ]


@register(Tags.compatibility)
def check_telemetry(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the optional packages are installed if traces have to be sent."""
    if not settings.OTEL_ENDPOINT or find_spec("opentelemetry"):
        return []
    return [
        Error(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed.",
            hint="Run: pip install --no-deps --require-hashes -r requirements-otel.txt, or unset the variable.",
            id="releasehub.E003",
        )
    ]


@register(Tags.files)
def check_data_dir(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the data directory is writable. By default it holds the database and all files."""
    path = Path(settings.DATA_DIR)
    if is_writable(path):
        return []
    return [
        Error(
            f"The data directory {path} is not writable.",
            hint="Make it writable for the user that runs the hub, or set RELEASEHUB_DATA_DIR to another directory.",
            id="releasehub.E002",
        )
    ]


def existing_parent(path: Path) -> Path:
    """Return the path itself or, if it does not exist yet, its nearest existing parent."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def is_writable(path: Path) -> bool:
    """Return whether the directory is writable or, if it does not exist yet, its nearest existing parent."""
    existing = existing_parent(path)
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
