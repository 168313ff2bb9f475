"""Databases for processes that migrate them. Each one is empty, or a copy of what a release stored."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
IS_SQLITE = "sqlite" in settings.DATABASES["default"]["ENGINE"]
RELEASES = ROOT / "tests" / "data" / "releases"


@contextmanager
def a_database(data: Path) -> Iterator[dict[str, str]]:
    """Yield the variables that lead to the data directory and to an empty database for it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"RELEASEHUB_DATA_DIR": str(data), "LOG_LEVEL": "ERROR"}
    environment |= {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.upgrade.settings"}
    if IS_SQLITE:
        yield environment
        return
    url = os.environ["DATABASE_URL"]
    name = f"upgrade_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield environment | {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def run(environment: dict[str, str], *arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
