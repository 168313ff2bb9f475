"""Connections to a PostgreSQL server whose administrator has changed the defaults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.upgrade.databases import IS_SQLITE, ROOT, a_database

pytestmark = pytest.mark.skipif(IS_SQLITE, reason="SQLite has no such defaults")
DEFAULTS = {"datestyle": "German", "default_transaction_isolation": "serializable", "timezone": "Asia/Kathmandu"}
SCRIPT = """
import django; django.setup()
from django.db import connection, transaction
with transaction.atomic(), connection.cursor() as cursor:
    moment, level = cursor.execute("SELECT now(), current_setting('transaction_isolation')").fetchone()
print(moment.utcoffset(), level)
connection.close_pool()
"""


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "releasehub.settings.base"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_defaults_that_the_hub_cannot_use_are_overridden(tmp_path: Path) -> None:
    with a_database(tmp_path) as environment:
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as server:
            for name, value in DEFAULTS.items():
                server.execute(f"ALTER DATABASE {server.info.dbname} SET {name} = '{value}'")  # type: ignore[arg-type]
        result = run(environment, "-c", SCRIPT)
    assert result.stdout == "0:00:00 read committed\n", result.stderr


def test_an_encoding_that_lacks_characters_is_refused_before_the_migrations(tmp_path: Path) -> None:
    with a_database(tmp_path) as environment:
        url = environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as server:
            name = f"{server.info.dbname}_latin1"
            server.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")  # type: ignore[arg-type]
            try:
                environment["DATABASE_URL"] = f"{url.rpartition('/')[0]}/{name}"
                result = run(environment, "manage.py", "migrate")
            finally:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
    assert "has the encoding LATIN1" in result.stderr
    assert result.returncode == 1
