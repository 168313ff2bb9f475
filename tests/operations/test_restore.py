"""A backup comes back on an empty machine, with a proof, and never on one that has data."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from files.models import Blob
from releasehub.audit.chain import chain_rows
from releasehub.audit.heads import export_head
from releasehub.audit.models import AuditEntry
from releasehub.operations.backups import keys
from releasehub.operations.backups.creating import create_backup
from releasehub.operations.backups.manifest import Manifest
from releasehub.operations.backups.restoring import restore_backup
from releasehub.operations.errors import OperationError
from releasehub.operations.models import ReadOnlyMode
from releasehub.operations.tables import schema
from releasehub.operations.tables.schema import (
    applied_migrations,
    can_be_squashed,
    ensure_known,
    newest_migrations,
    prepare_tables,
    unsquashed_loader,
)
from releasehub.operations.vault import passphrase
from tests.conftest import begin_with
from tests.factories import make_user
from tests.factories.everything import make_everything
from tests.operations.machines import PASSPHRASE, empty_machine, manage, managed

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def build() -> None:
    make_everything(make_user("owner"))
    chain_rows()
    ReadOnlyMode.objects.create(pk=1, reason="a backup before maintenance", since=timezone.now())


@pytest.fixture
def target(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "target"


@pytest.fixture
def manifest(world: None, target: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    # The vault stores the cost of its passphrase, so the commands that read it are fast, too.
    monkeypatch.setitem(passphrase.SCRYPT, "n", 2**10)
    export_head()  # into the default storage of this test
    return create_backup(str(target), passphrase=PASSPHRASE)


def rows(machine: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(machine / "releasehub.sqlite3")) as database:
        return database.execute(sql).fetchall()


def execute(machine: Path, sql: str) -> None:
    with closing(sqlite3.connect(machine / "releasehub.sqlite3")) as database:
        database.execute(sql)


@begin_with(build)
def test_backup_comes_back_on_an_empty_machine(manifest: Manifest, target: Path, settings: Any, tmp_path: Path) -> None:
    machine = empty_machine(tmp_path / "machine")
    output = managed(machine, "restore", target)
    assert f"{manifest.row_count}, all tables have their digests" in output
    assert f"files: {Blob.objects.count()} (" in output
    assert f"audit log: {AuditEntry.objects.exclude(position=None).count()} rows verified" in output
    assert "secrets: 0" not in output
    assert (machine / "secret_key").read_text() == settings.SECRET_KEY
    assert rows(machine, "SELECT state FROM files_uploadsession WHERE state IN ('created', 'uploaded')") == []
    assert rows(machine, "SELECT backup_id FROM operations_backuprun WHERE is_complete ORDER BY id") == [
        ("b1",),
        (manifest.backup_id,),
    ]
    assert any((machine / "media").rglob("*.json"))
    refused = manage(machine, "restore", target)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert rows(machine, "SELECT * FROM operations_readonlymode") == []
    execute(machine, "CREATE TRIGGER read_only_x BEFORE DELETE ON accounts_user BEGIN SELECT RAISE(ABORT, 'x'); END")
    managed(machine, "restore", target, "--replace")
    assert rows(machine, "SELECT name FROM sqlite_master WHERE name LIKE 'read_only%'") == []
    assert "0 missing, 0 damaged" in manage(machine, "verify_storage").stderr


@begin_with(build)
def test_damaged_backup_is_not_restored(manifest: Manifest, target: Path, settings: Any, tmp_path: Path) -> None:
    database = target / "backups" / manifest.backup_id / "database"
    database.write_bytes(database.read_bytes()[:-40])
    machine = empty_machine(tmp_path / "machine")
    done = manage(machine, "restore", target)
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert rows(machine, "SELECT * FROM accounts_user") == []
    assert (machine / "secret_key").read_text() != settings.SECRET_KEY
    assert not (machine / "restoring").exists()


@begin_with(build)
def test_database_of_another_program_is_not_replaced(manifest: Manifest, target: Path, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE guestbook (entry text)")
    with pytest.raises(OperationError, match="another program, such as guestbook"):
        restore_backup(str(target), passphrase=PASSPHRASE, replace=True)
    assert not (settings.DATA_DIR / "restoring").exists()


def test_keys_from_the_environment_are_not_replaced(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    settings.AUDIT_KEY = ""
    monkeypatch.setenv("SECRET_KEY", settings.SECRET_KEY)
    restored = keys.KeyMaterial(secret_key="k" * 40, secret_key_fallbacks=["f" * 40], audit_key="")
    assert keys.use_keys(restored) == ["SECRET_KEY", "SECRET_KEY_FALLBACKS"]
    file = tmp_path / keys.ENVIRONMENT_FILE
    assert file.read_text() == f"SECRET_KEY={'k' * 40}\nSECRET_KEY_FALLBACKS={'f' * 40}\n"
    assert file.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "secret_key").exists()
    assert keys.current_keys() == restored


def test_backup_of_a_newer_release_is_refused() -> None:
    with pytest.raises(OperationError, match=r"release 9\.0"):
        ensure_known([("downloads", "9999_from_the_future")], "9.0")


def test_tables_are_made_by_the_migrations_of_the_backup() -> None:
    """Look only at which migrations are asked for. The runs in tests/faults apply them, which takes longer."""
    loader = unsquashed_loader(None)
    older = [pair for pair in made_by(loader) if pair[0] != "operations" and pair[1] < "0004"]
    assert not can_be_squashed(loader, older)
    newest = newest_migrations(loader, older)
    assert {app for app, _ in newest} == {app for app, _ in older}
    assert newest == sorted(max(pairs) for app in {app for app, _ in older} if (pairs := of_app(older, app)))


def test_squashed_migrations_make_the_tables_of_a_backup_that_has_all_that_they_replace() -> None:
    """A hub records the squashed migrations once it ran `migrate` with a release that has them."""
    loader = MigrationLoader(None)
    made = made_by(loader)
    assert can_be_squashed(loader, made)
    newest = newest_migrations(loader, made)
    assert newest == newest_migrations(loader, [*made, *loader.replacements])
    assert newest == sorted(loader.graph.leaf_nodes())


def test_tables_stay_if_only_the_record_of_squashed_migrations_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_drop_all", pytest.fail)
    loader = MigrationLoader(None)
    prepare_tables(connection, made_by(loader))
    prepare_tables(connection, [*made_by(loader), *loader.replacements])


def made_by(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Return all migrations, as a hub has recorded them that never saw a squashed one."""
    return [pair for pair in applied_migrations(connection) if pair not in loader.replacements]


def of_app(migrations: list[tuple[str, str]], app: str) -> list[tuple[str, str]]:
    return [pair for pair in migrations if pair[0] == app]
