"""The files of a backup: stored files of versions and pictures, and the exports of the audit log."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO

from django.core.files.storage import storages

from files.models import Blob
from files.storage import blob_storage
from releasehub.operations.backups.compressed_lines import read_lines
from releasehub.operations.backups.manifest import part_name
from releasehub.operations.tables.schema import Table
from releasehub.operations.tables.snapshots import Snapshot
from releasehub.operations.tables.values import ValueKind
from releasehub.operations.vault.vault import Vault

CHUNK_BYTES = 1024 * 1024
BLOB, EXPORT = "blob", "export"
_BLOBS = Table(
    Blob._meta.db_table,
    ("storage_key", "sha256", "size_bytes", "state"),
    (ValueKind.TEXT, ValueKind.TEXT, ValueKind.INTEGER, ValueKind.TEXT),
    "",
)


@dataclass(frozen=True)
class BackupFile:
    """A file. `kind` says which storage holds it under `key`: that of stored files, or that of exports."""

    kind: str
    key: str
    sha256: str
    size_bytes: int
    is_missing: bool = False

    def open(self) -> IO[bytes] | None:
        """Open the file in the hub, or return None if it is missing."""
        if self.kind == BLOB:
            storage = blob_storage()
            return None if storage.size(self.key) is None else storage.open(self.key)
        with suppress(FileNotFoundError):
            return storages["default"].open(self.key)
        return None

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def read_file_list(vault: Vault, backup_id: str) -> Iterator[BackupFile]:
    for line in read_lines(vault, part_name(backup_id, "files")):
        yield BackupFile(**json.loads(line))


def stored_files(snapshot: Snapshot) -> Iterator[BackupFile]:
    """Yield the stored files as of the snapshot."""
    for key, sha256, size_bytes, state in snapshot.rows(_BLOBS):
        yield BackupFile(BLOB, key, sha256, size_bytes, state == Blob.State.MISSING)


def audit_exports(folder: str = "") -> Iterator[BackupFile]:
    """Yield the files in the default storage, which prove that the end of the audit log was not cut off."""
    storage = storages["default"]
    with suppress(FileNotFoundError):
        folders, names = storage.listdir(folder)
        for name in sorted(names):
            key = f"{folder}/{name}" if folder else name
            with suppress(FileNotFoundError), storage.open(key) as handle:
                digest = hashlib.sha256()
                size = 0
                while chunk := handle.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                yield BackupFile(EXPORT, key, digest.hexdigest(), size)
        for name in sorted(folders):
            yield from audit_exports(f"{folder}/{name}" if folder else name)
