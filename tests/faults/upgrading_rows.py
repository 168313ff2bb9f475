"""Many rows in the tables of an older release: copies of a download, of its versions and of their files."""

from __future__ import annotations

import subprocess
from typing import Any

import psycopg

VERSIONS_PER_DOWNLOAD = 200
# The order of numbers is stored, and only the older release knows in which form.
NUMBERS = """
import sys
from versions.numbering import parse
for n in range(1, int(sys.argv[1]) + 1):
    number = parse(f"5.{n}.0")
    print(number.text, number.sort_key.hex(), number.version_int, sep="\\t")
"""


def fill(database_url: str, release: Any, versions: int) -> int:
    """Add downloads with versions and files. Return the primary key of the download that was copied."""
    command = [release.python, "-c", NUMBERS, str(min(versions, VERSIONS_PER_DOWNLOAD))]
    numbers = subprocess.run(
        command, cwd=release.code, env=release.environment, check=True, capture_output=True, text=True
    ).stdout
    with psycopg.connect(database_url) as connection:
        version, download = connection.execute(
            "SELECT v.id, v.download_id FROM versions_version v JOIN downloads_download d ON d.id = v.download_id "
            "JOIN files_file f ON f.version_id = v.id WHERE v.state = 'published' AND v.deleted_at IS NULL "
            "AND d.visibility = 'public' AND f.is_primary ORDER BY v.id LIMIT 1"
        ).fetchone() or (0, 0)
        connection.execute("CREATE TEMP TABLE numbers (id serial, number text, sort_key text, version_int bigint)")
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY numbers (number, sort_key, version_int) FROM STDIN") as rows,
        ):
            rows.write(numbers)
        downloads = -(-versions // VERSIONS_PER_DOWNLOAD)
        copy_rows(connection, "downloads_download", download, f"generate_series(1, {downloads}) AS n",
                  {"id": "1000000 + n", "public_id": "'d' || lpad(n::text, 23, '0')", "slug": "'copy-' || n",
                   "title": "'Copy ' || n", "version_count": str(VERSIONS_PER_DOWNLOAD)})  # fmt: skip
        each = f"generate_series(1, {downloads}) AS n, numbers, LATERAL (SELECT n * 1000 + numbers.id AS m) AS place"
        copy_rows(connection, "versions_version", version, each,
                  {"id": "1000000 + m", "public_id": "'v' || lpad(m::text, 23, '0')", "download_id": "1000000 + n",
                   "number": "numbers.number", "sort_key": "decode(numbers.sort_key, 'hex')",
                   "version_int": "numbers.version_int", "is_active": "false", "is_prerelease": "false",
                   "channel": "'stable'", "base_version_id": "NULL"})  # fmt: skip
        (file,) = connection.execute(
            "SELECT id FROM files_file WHERE version_id = %s AND is_primary", [version]
        ).fetchone() or (0,)
        copy_rows(connection, "files_file", file, each,
                  {"id": "1000000 + m", "public_id": "'f' || lpad(m::text, 23, '0')",
                   "version_id": "1000000 + m"})  # fmt: skip
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return int(download)


def copy_rows(connection: Any, table: str, pk: int, source: str, changed: dict[str, str]) -> None:
    """Insert a copy of the row for each row of the source, with other values in the changed columns."""
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'", [table]
    ).fetchall()
    columns = [name for (name,) in found]
    values = ", ".join(changed.get(name, f"model.{name}") for name in columns)
    rows = f"SELECT {values} FROM {source}, {table} AS model WHERE model.id = %s"  # noqa: S608 - names and expressions of this module
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) {rows}", [pk])
