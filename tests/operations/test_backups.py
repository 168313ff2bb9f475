"""Backups into a folder: what they contain, what is copied again, and what their verification finds."""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from files.models import Blob
from files.storage import blob_storage
from releasehub.core.encryption import decrypt
from releasehub.operations.backups import creating
from releasehub.operations.backups.manifest import complete_backups, read_manifest
from releasehub.operations.backups.proof import stored_secrets
from releasehub.operations.backups.retention import remove_incomplete, remove_old
from releasehub.operations.exclusive import exclusive
from releasehub.operations.records import last_backup, last_failure
from releasehub.operations.vault import passphrase
from releasehub.operations.vault.vault import Vault, open_vault
from tests.conftest import begin_with
from tests.factories import make_file, make_user
from tests.factories.everything import make_everything

pytestmark = pytest.mark.django_db
PASSPHRASE = "a passphrase for tests"


def build() -> None:
    make_everything(make_user("owner"))


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Path:
    monkeypatch.setitem(passphrase.SCRYPT, "n", 2**10)
    settings.BACKUP_PASSPHRASE = PASSPHRASE
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "target"


def run(name: str, *arguments: Any, **options: Any) -> str:
    output = StringIO()
    call_command(name, *map(str, arguments), stdout=output, stderr=StringIO(), **options)
    return output.getvalue()


def vault_of(target: Path) -> Vault:
    return open_vault(str(target), PASSPHRASE)


def objects_in(target: Path) -> list[Path]:
    return sorted(path for path in (target / "objects").rglob("*") if path.is_file())


@begin_with(build)
def test_backup_is_complete_sound_and_recorded(world: None, target: Path) -> None:
    output = run("backup", target)
    manifest = read_manifest(vault_of(target))
    assert manifest.backup_id in output
    assert manifest.file_count == Blob.objects.count()
    assert manifest.tables["accounts_user"]["rows"] > 3
    assert manifest.problems == {}
    assert "is sound" in run("verify_backup", target)
    recorded = last_backup()
    assert recorded
    assert (recorded.backup_id, recorded.file_count) == (manifest.backup_id, manifest.file_count)
    assert recorded.verified_at is not None


@begin_with(build)
def test_second_backup_copies_only_new_files(world: None, target: Path) -> None:
    run("backup", target)
    before = {path: path.stat().st_mtime_ns for path in objects_in(target)}
    make_file(content=b"new bytes")
    run("backup", target)
    after = objects_in(target)
    assert read_manifest(vault_of(target)).new_file_count == 1
    assert len(after) == len(before) + 1
    assert {path: path.stat().st_mtime_ns for path in after if path in before} == before


@begin_with(build)
def test_old_backups_are_removed_with_their_files(world: None, target: Path) -> None:
    file = make_file(content=b"only in the first backup")
    run("backup", target)
    blob = Blob.objects.get(pk=file.blob_id)
    file.delete()
    blob_storage().delete(blob.storage_key)
    blob.delete()
    run("backup", target)
    count = len(objects_in(target))
    (target / "objects" / ".DS_Store").touch()
    run("backup", target, keep=2)
    (target / "objects" / ".DS_Store").unlink()
    assert (len(complete_backups(vault_of(target))), len(objects_in(target))) == (2, count - 1)
    assert "is sound" in run("verify_backup", target)


@begin_with(build)
def test_the_newest_backup_stays_the_newest_after_the_clock_was_wrong(
    world: None, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", Mock(return_value=timezone.now() + timedelta(days=365)))
        run("backup", target)
    (future,) = complete_backups(vault_of(target))
    run("backup", target, keep=2)
    run("backup", target, keep=1)
    (kept,) = complete_backups(vault_of(target))
    newest = last_backup()
    assert kept > future
    assert newest
    assert newest.backup_id == kept
    assert read_manifest(vault_of(target)).created_at < (timezone.now() + timedelta(days=1)).isoformat()


@begin_with(build)
def test_interrupted_backup_does_not_count(world: None, target: Path) -> None:
    run("backup", target)
    run("backup", target)
    first, second = complete_backups(vault_of(target))
    (target / "backups" / second / "manifest").unlink()
    (target / "staging" / "half").write_bytes(b"x")
    assert read_manifest(vault_of(target)).backup_id == first
    run("backup", target)
    assert {path.name for path in (target / "backups").iterdir() if any(path.iterdir())} == {
        *complete_backups(vault_of(target))
    }
    assert not (target / "backups" / second / "files").exists()
    assert list((target / "staging").iterdir()) == []


@begin_with(build)
def test_backup_that_another_machine_disturbs_does_not_count(
    world: None, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", target)
    before = complete_backups(vault_of(target))
    store = creating.store_keys

    def disturbed(vault: Vault, backup_id: str) -> None:
        remove_incomplete(vault_of(target))  # as the other machine does first
        store(vault, backup_id)

    monkeypatch.setattr(creating, "store_keys", disturbed)
    with pytest.raises(CommandError, match="Another machine"):
        run("backup", target)
    assert complete_backups(vault_of(target)) == before
    assert last_failure()


@begin_with(build)
def test_files_of_an_unfinished_backup_of_another_machine_are_not_removed(world: None, target: Path) -> None:
    file = make_file(content=b"only in the unfinished backup")
    run("backup", target)
    file.delete()
    Blob.objects.filter(pk=file.blob_id).delete()
    run("backup", target)
    run("backup", target)
    unfinished = complete_backups(vault_of(target))[0]
    (target / "backups" / unfinished / "manifest").unlink()
    stored = objects_in(target)
    remove_old(vault_of(target), keep=1, progress=print)
    assert objects_in(target) == stored


@begin_with(build)
def test_files_of_backups_are_private(world: None, target: Path) -> None:
    before = os.umask(0o022)
    try:
        run("backup", target)
        assert {path.stat().st_mode & 0o077 for path in target.rglob("*")} == {0}
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.mark.embedded
@begin_with(build)
def test_missing_and_damaged_files_of_the_hub_are_reported(world: None, local_storage: Any, target: Path) -> None:
    lost, damaged = make_file(content=b"lost"), make_file(content=b"damaged")
    lost_key, damaged_key = (Blob.objects.get(pk=file.blob_id).storage_key for file in (lost, damaged))
    local_storage.delete(lost_key)
    (local_storage.root / damaged_key).write_bytes(b"other!!")
    with pytest.raises(CommandError, match="2 stored files") as refused:
        run("backup", target)
    assert refused.value.returncode == 3
    assert read_manifest(vault_of(target)).problems == {lost_key: "missing", damaged_key: "damaged"}
    assert "is sound" in run("verify_backup", target)


def damage(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@begin_with(build)
@pytest.mark.parametrize("part", ["database", "files", "keys", "object", "lost object", "manifest"])
def test_verification_finds_damage(world: None, target: Path, part: str) -> None:
    run("backup", target)
    backup_id = complete_backups(vault_of(target))[0]
    path = objects_in(target)[0] if "object" in part else target / "backups" / backup_id / part
    path.unlink() if part == "lost object" else damage(path)
    with pytest.raises(CommandError, match=r"faults|damaged"):
        run("verify_backup", target)
    assert (recorded := last_backup()) is None or recorded.verified_at is None


@begin_with(build)
def test_proof_of_a_restore_finds_the_encrypted_values(world: None) -> None:
    secrets = list(stored_secrets())
    assert secrets
    assert all(decrypt(secret) for secret in secrets)


@begin_with(build)
def test_failed_backup_is_recorded(world: None, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.mkdir()
    (target / "photo.jpg").write_bytes(b"x")
    with pytest.raises(CommandError, match="not empty"):
        run("backup", target)
    failure = last_failure()
    assert failure
    assert "not empty" in failure.error


@begin_with(build)
def test_failure_that_nobody_expected_is_recorded(world: None, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "store_keys", lambda vault, backup_id: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        run("backup", target)
    failure = last_failure()
    assert failure
    assert "by zero" in failure.error


@begin_with(build)
def test_verification_names_the_existing_backups(world: None, target: Path) -> None:
    run("backup", target)
    with pytest.raises(CommandError, match=complete_backups(vault_of(target))[0]):
        run("verify_backup", target, backup="20200101T000000000Z-abcd")


@begin_with(build)
def test_two_backups_do_not_run_at_once(world: None, target: Path) -> None:
    with exclusive("another one"), pytest.raises(CommandError, match="is running"):
        run("backup", target)


@begin_with(build)
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_number_of_kept_backups_is_checked(world: None, target: Path, value: str) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        run("backup", target, f"--keep={value}")
