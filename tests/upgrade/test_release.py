"""The database and the files of an earlier release work after an upgrade, with the same answers.

`build.py` beside this file stored them. Each database has its own copy, because the SQL of the two differs.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.upgrade.build import PASSPHRASE, SECRET_KEY
from tests.upgrade.databases import IS_SQLITE, RELEASES, a_database, copy_upgraded, run
from tests.upgrade.schema import schema_of

RELEASE = RELEASES / "0.1.0" / ("sqlite" if IS_SQLITE else "postgresql")
# Made by the first commit that had the command `backup`, while 0.2.0 was prepared: 0.1.0 cannot make backups.
FIRST_BACKUP = RELEASES / "first-backup"
MANIFEST: dict[str, Any] = json.loads((RELEASE / "manifest.json").read_text())


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The responses of the hub with the data of the release, after `migrate`."""
    data = tmp_path_factory.mktemp("upgrade")
    extract(RELEASE / "files.tar.gz", data)
    sql = gzip.decompress((RELEASE / "database.sql.gz").read_bytes()).decode()
    with a_database(data) as variables:
        environment = variables | {"SECRET_KEY": SECRET_KEY}
        if IS_SQLITE:
            copy_upgraded(sql, environment, data)
        else:
            with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
                database.execute(sql)  # type: ignore[arg-type]
        yield read(environment, RELEASE)


def extract(path: Path, folder: Path) -> None:
    """Extract one of our own archives. Python 3.11 has filters since its fourth release, and Debian 12 an older one."""
    with tarfile.open(path) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)  # noqa: S202 - see above


def read(environment: dict[str, str], release: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads(run(environment, "tests/upgrade/reader.py", release / "manifest.json"))
    return results


CHANGED = {"display_order"}  # files are counted from 1 since 0.2.0


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where the new value lacks something of the old one. New members of objects do not count."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() - CHANGED:
            yield from differences(old[name], new.get(name), f"{path}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif old != new:
        yield f"{path}: {old!r} became {new!r}"


def test_api_answers_with_what_it_answered_before(upgraded: dict[str, Any]) -> None:
    assert list(differences(MANIFEST["answers"], upgraded["answers"])) == []


def test_every_file_has_the_same_bytes(upgraded: dict[str, Any]) -> None:
    assert len(MANIFEST["digests"]) > 20
    assert upgraded["digests"] == MANIFEST["digests"]


@pytest.mark.django_db
def test_tables_are_those_of_a_new_hub(upgraded: dict[str, Any]) -> None:
    """The hub of 0.1.0 had some migrations of its apps, so all others ran one by one, without squashed ones."""
    assert upgraded["schema"] == schema_of(connection)
    assert len(upgraded["schema"]) > 1000


def test_doctor_has_no_complaint_about_the_database(upgraded: dict[str, Any]) -> None:
    assert upgraded["doctor"] == []


def test_audit_chain_and_stored_files_are_intact(upgraded: dict[str, Any]) -> None:
    assert "first bad row" not in upgraded["checks"]
    assert int(upgraded["checks"].split(" rows verified")[0]) > 50
    assert ", 0 missing, 0 damaged" in upgraded["checks"]


def test_pages_of_all_downloads_open(upgraded: dict[str, Any]) -> None:
    assert len(upgraded["pages"]) > 8
    closed = {path: status for path, status in upgraded["pages"].items() if status != 200}
    assert closed == {"/downloads/release-handbook-templates.5/": 404}  # for members of an organization only


@pytest.mark.django_db
@pytest.mark.skipif(IS_SQLITE, reason="On SQLite, the migrations of a restore take longer than a hundred other tests.")
def test_backup_of_an_older_release_is_restored(tmp_path: Path) -> None:
    """The keys of the old hub come with the backup, so its API key works although no `SECRET_KEY` is set."""
    manifest = json.loads((FIRST_BACKUP / "manifest.json").read_text())
    extract(FIRST_BACKUP / "backup.tar.gz", tmp_path)
    data = tmp_path / "machine"
    data.mkdir()
    with a_database(data) as environment:
        passphrase = {"RELEASEHUB_BACKUP_PASSPHRASE": PASSPHRASE}
        printed = run(environment | passphrase, "manage.py", "restore", tmp_path / "backup")
        restored = read(environment, FIRST_BACKUP)
    assert "all tables have their digests" in printed
    assert "is restored" in printed
    assert list(differences(manifest["answers"], restored["answers"])) == []
    assert restored["schema"] == schema_of(connection)
    assert restored["digests"] == manifest["digests"]
    assert "first bad row" not in restored["checks"]
    assert ", 0 missing, 0 damaged" in restored["checks"]
    assert restored["created"] == 200


def test_a_version_can_be_created(upgraded: dict[str, Any]) -> None:
    assert upgraded["created"] == 200
