"""Start a test process with a migrated SQLite database that an earlier run has stored.

All migrations together take longer than most test files. Their result depends on nothing but the migrations, so it is
stored in a file that is named after their content. PostgreSQL always migrates: the run on services proves that it can.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

FOLDER = Path(__file__).resolve().parents[1] / ".pytest_cache" / "migrated"


def stored_file() -> Path:
    """Return where the database with the migrations of all installed apps is stored. The file may not exist yet."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted(Path(app.path).glob("migrations/*.py")):
            digest.update(f"{app.label}/{path.name}".encode() + path.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:32]}.sqlite3"


def restore(connection: BaseDatabaseWrapper, path: Path) -> None:
    with closing(sqlite3.connect(path)) as stored:
        stored.backup(raw(connection))


def copy_to(path: Path) -> None:
    """Copy the stored database, if there is one, so that a process that a test starts has nothing to migrate."""
    if (stored := stored_file()).exists():
        shutil.copyfile(stored, path)
        path.chmod(0o600)


def store(connection: BaseDatabaseWrapper, path: Path, process: str) -> None:
    """Store the database, and remove those of other migrations. Several test processes may do so at the same time."""
    if "django_migrations" not in connection.introspection.table_names():
        return  # a run whose tests need no database has created none
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{process}")
    with closing(sqlite3.connect(unfinished)) as target:
        raw(connection).backup(target)
    unfinished.replace(path)
    for other in path.parent.glob("*.sqlite3"):
        if other != path:
            other.unlink(missing_ok=True)


def raw(connection: BaseDatabaseWrapper) -> Any:
    connection.ensure_connection()
    return connection.connection
