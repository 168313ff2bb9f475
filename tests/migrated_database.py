"""Start a test process with a migrated SQLite database that is stored between runs.

All migrations together take longer than most test files. Their result depends on nothing but the migrations, so it is
stored in a file that is named after their content. On PostgreSQL, one process of every run migrates, which proves that
it can, and the others copy its database.

    python -m tests.migrated_database      store the database if it is missing
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import django
from django.apps import apps
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".pytest_cache" / "migrated"
TEMPLATE = "test_releasehub_migrated"
SERVICES = {"DATABASE_URL", "REDIS_URL", "RELEASEHUB_STORAGE"}
SETTINGS = {"DJANGO_SETTINGS_MODULE": "releasehub.settings.test"}
# Django's flush truncates all tables, even those without rows, and creates content types and permissions again, which
# takes longer than the tests that need it. The function ignores triggers and foreign keys.
REMEMBER_ROWS = """
DROP SCHEMA IF EXISTS migrated CASCADE;
CREATE SCHEMA migrated;
DO $$
DECLARE name text; has_rows boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
        IF has_rows THEN EXECUTE format('CREATE TABLE migrated.%I AS TABLE public.%I', name, name); END IF;
    END LOOP;
END $$;
CREATE FUNCTION migrated.restore() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE name text; has_rows boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
        IF has_rows THEN EXECUTE format('DELETE FROM public.%I', name); END IF;
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'migrated' LOOP
        EXECUTE format('INSERT INTO public.%I SELECT * FROM migrated.%I', name, name);
    END LOOP;
END $$;"""


def stored_file() -> Path:
    """Return where the database with the migrations of all installed apps is stored. The file may not exist yet."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted(Path(app.path).glob("migrations/*.py")):
            digest.update(f"{app.label}/{path.name}".encode() + path.read_bytes())
    return FOLDER / f"{digest.hexdigest()[:32]}.sqlite3"


def ensure_stored() -> Path:
    """Return the stored database. The first process that asks makes it; others that ask meanwhile wait for it."""
    path = stored_file()
    if not path.exists():
        environment = {name: value for name, value in os.environ.items() if name not in SERVICES} | SETTINGS
        subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, env=environment, check=True)
    return path


def ensure_template(folder: Path) -> str:
    """Return the name of a migrated database on the PostgreSQL server that all processes of the run copy."""
    made = folder / TEMPLATE
    with lock(folder):
        if not made.exists():
            configured, options = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
            with patch.dict(options, NAME=TEMPLATE, MIGRATE=True):
                connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            connection.settings_dict["NAME"] = configured
            made.touch()
    return TEMPLATE


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def restore(path: Path) -> None:
    with closing(sqlite3.connect(path)) as stored:
        stored.backup(raw())


def remember_rows() -> None:
    """Store the rows that the migrations created on PostgreSQL, for `restore_rows`."""
    with raw().cursor() as cursor:
        cursor.execute(REMEMBER_ROWS)


def restore_rows() -> None:
    """Delete the rows of a test that commits, and restore those that the migrations created."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT migrated.restore()")


def copy_to(path: Path) -> None:
    """Copy the stored database, so that a process that a test starts has nothing to migrate."""
    shutil.copyfile(ensure_stored(), path)
    path.chmod(0o600)


def copy_to_data_directory() -> None:
    """Copy the stored database to where the settings expect it. Call it before the first query."""
    copy_to(Path(connection.settings_dict["NAME"]))


def store(path: Path) -> None:
    """Store the database, and remove those of other migrations."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as target:
        raw().backup(target)
    unfinished.replace(path)
    for other in path.parent.glob("*.sqlite3"):
        if other != path:
            other.unlink(missing_ok=True)


def raw() -> Any:
    connection.ensure_connection()
    return connection.connection


def main() -> None:
    django.setup()
    with lock(FOLDER):
        if not (path := stored_file()).exists():
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            store(path)


if __name__ == "__main__":
    main()
