"""Databases for processes that migrate them. Each one is empty, or a copy of what a release stored."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings

from tests import migrated_database

ROOT = Path(__file__).resolve().parents[2]
IS_SQLITE = "sqlite" in settings.DATABASES["default"]["ENGINE"]
RELEASES = ROOT / "tests" / "data" / "releases"
IMPORT = re.compile(r"^\s*(?:from|import) ((?:releasehub|downloads|versions|files)(?:\.\w+)*)", re.MULTILINE)


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


def copy_upgraded(sql: str, environment: dict[str, str], data: Path) -> None:
    """Copy the SQLite database that `migrate` makes from this SQL into the data directory.

    Its hundred migrations take ten seconds of CPU time, so the result is stored between runs. It is named after all
    that it depends on: the SQL, the migrations, and the modules of the hub that they import.
    """
    target = data / "releasehub.sqlite3"
    stored = migrated_database.stored_file().with_suffix(f".{digest_of(sql)}.upgraded")
    with migrated_database.lock(stored.parent):
        if stored.exists():
            shutil.copyfile(stored, target)
            return
        with closing(sqlite3.connect(target)) as database:
            database.executescript(sql)
        run(environment, "manage.py", "migrate", "-v0")
        for other in stored.parent.glob("*.upgraded"):
            other.unlink()
        unfinished = stored.with_suffix(".unfinished")
        shutil.copyfile(target, unfinished)
        unfinished.replace(stored)


def digest_of(sql: str) -> str:
    digest = hashlib.sha256(sql.encode())
    for path in sorted(imported_by_migrations()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def imported_by_migrations() -> set[Path]:
    """Return the modules of the hub that migrations import, and all modules of the packages that they import from."""
    found: set[Path] = set()
    migrations = (path for app in apps.get_app_configs() for path in Path(app.path).glob("migrations/*.py"))
    for migration in migrations:
        for name in IMPORT.findall(migration.read_text()):
            place = ROOT / name.replace(".", "/")
            found |= set(place.glob("*.py")) | {path for path in (place.with_suffix(".py"),) if path.exists()}
    return found


def run(environment: dict[str, str], *arguments: object) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
