"""The encrypted target: what comes back, and which changes are noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from releasehub.operations.errors import OperationError
from releasehub.operations.vault import passphrase
from releasehub.operations.vault.streams import CHUNK_BYTES, encrypted_size
from releasehub.operations.vault.vault import Vault, open_or_create_vault, open_vault

pytestmark = pytest.mark.embedded
PASSPHRASE = "a passphrase for tests"
NAME = "objects/ab/abcdef"


@pytest.fixture(autouse=True)
def quick_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(passphrase.SCRYPT, "n", 2**10)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_or_create_vault(str(tmp_path / "target"), PASSPHRASE)


def store(vault: Vault, content: bytes, name: str = NAME) -> None:
    with vault.writing(name) as writer:
        for start in range(0, len(content), 700_000):
            writer.write(content[start : start + 700_000])


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_content_comes_back_and_its_size_is_known(vault: Vault, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    store(vault, content)
    assert b"".join(vault.chunks(NAME)) == content
    assert vault.has(NAME, size)


def test_files_on_disk_reveal_nothing(vault: Vault, tmp_path: Path) -> None:
    store(vault, b"a secret " * 50)
    stored = (tmp_path / "target" / NAME).read_bytes()
    assert b"secret" not in stored
    assert len(stored) == encrypted_size(450)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: flip(data, 4),
        lambda data: flip(data, len(data) - 1),
        lambda data: data[: -CHUNK_BYTES // 2],
        lambda data: data[: 20 + CHUNK_BYTES + 16],  # without the last chunk
        lambda data: data + b"x",
        lambda data: data[:10],
        lambda data: b"",
    ],
)
def test_changed_object_is_refused(vault: Vault, tmp_path: Path, change: Any) -> None:
    store(vault, b"y" * (CHUNK_BYTES + CHUNK_BYTES // 2))
    path = tmp_path / "target" / NAME
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(OperationError, match="damaged"):
        list(vault.chunks(NAME))


def test_object_under_another_name_is_refused(vault: Vault, tmp_path: Path) -> None:
    store(vault, b"first")
    (tmp_path / "target" / NAME).rename(tmp_path / "target" / "objects" / "ab" / "other")
    with pytest.raises(OperationError, match="damaged"):
        list(vault.chunks("objects/ab/other"))
    with pytest.raises(OperationError, match="missing"):
        list(vault.chunks(NAME))


def test_failed_write_leaves_no_object(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(TypeError), vault.writing(NAME) as writer:
        writer.write("text")  # type: ignore[arg-type]
    assert not vault.exists(NAME)
    assert list((tmp_path / "target" / "staging").iterdir()) == []


def test_another_passphrase_is_refused(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="does not match"):
        open_vault(str(tmp_path / "target"), "another passphrase")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-9],
        lambda text: "[" * 60_000,
        lambda text: "[]",
        lambda text: text.replace('"salt"', '"pepper"'),
        lambda text: text.replace('"n": 1024', '"n": 1000'),
        lambda text: text.replace('"r": 8', '"r": -8'),
        lambda text: text.replace('"n": 1024', '"n": 1048576'),
    ],
)
def test_changed_key_is_refused(vault: Vault, tmp_path: Path, change: Any) -> None:
    path = tmp_path / "target" / "vault.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(OperationError, match=r"damaged|altered"):
        open_vault(str(tmp_path / "target"), PASSPHRASE)


def test_vault_is_created_after_a_run_that_was_killed_as_it_created_it(tmp_path: Path) -> None:
    unfinished = tmp_path / "staging" / "vault.json"
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"{")
    open_or_create_vault(str(tmp_path), PASSPHRASE)
    open_vault(str(tmp_path), PASSPHRASE)
    assert not unfinished.exists()


def test_folder_with_other_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(OperationError, match="not empty"):
        open_or_create_vault(str(tmp_path), PASSPHRASE)
    with pytest.raises(OperationError, match="contains no backups"):
        open_vault(str(tmp_path), PASSPHRASE)


@pytest.mark.parametrize("target", ["s3://", "https://example.org/backups"])
def test_unusable_target_is_refused(target: str) -> None:
    with pytest.raises(OperationError, match=r"s3://"):
        open_vault(target, PASSPHRASE)


def test_target_inside_the_stored_files_is_refused(settings: Any) -> None:
    with pytest.raises(OperationError, match="inside the stored files"):
        open_or_create_vault(f"{settings.FILES_DIR}/backups", PASSPHRASE)


def test_passphrase_comes_from_the_settings_or_a_file(settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_PASSPHRASE = settings.BACKUP_PASSPHRASE_FILE = ""
    with pytest.raises(OperationError, match="RELEASEHUB_BACKUP_PASSPHRASE"):
        passphrase.read_passphrase()
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\nsecond line")
    assert passphrase.read_passphrase(str(file)) == PASSPHRASE
    settings.BACKUP_PASSPHRASE_FILE = str(file)
    assert passphrase.read_passphrase() == PASSPHRASE
    settings.BACKUP_PASSPHRASE = "short"
    with pytest.raises(OperationError, match="5 characters"):
        passphrase.read_passphrase()
    with pytest.raises(OperationError, match="cannot be read"):
        passphrase.read_passphrase(str(tmp_path / "missing"))
