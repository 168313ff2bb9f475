"""Copy the files of a hub into a vault. Files that the vault already has are not read again."""

from collections.abc import Iterable
from contextlib import closing
from functools import partial
from typing import IO

from files.storage import copied_digest
from releasehub.operations.backups.backup_files import CHUNK_BYTES, BackupFile
from releasehub.operations.backups.manifest import Manifest
from releasehub.operations.tables.export import Progress
from releasehub.operations.vault.streams import encrypted_size
from releasehub.operations.vault.vault import Vault

REPORTED_FILES = 100


class DifferentContent(Exception):
    """The file in the hub does not have the digest of its row."""


def copy_files(vault: Vault, entries: Iterable[BackupFile], manifest: Manifest, progress: Progress) -> None:
    """Copy the files, and count them in the manifest. A file that is missing or damaged is recorded as a problem."""
    for entry in entries:
        if problem := _copy(vault, entry, manifest):
            manifest.problems[entry.key] = problem
            progress(f"{entry.key}: {problem}")
        else:
            manifest.file_count += 1
            manifest.file_bytes += entry.size_bytes
        if manifest.file_count % REPORTED_FILES == 0:
            progress(f"{manifest.file_count} files, {manifest.new_file_count} of them new")


def _copy(vault: Vault, entry: BackupFile, manifest: Manifest) -> str:
    """Copy one file unless the vault has it, and return what is wrong with it, or an empty string."""
    name = vault.object_name(entry.sha256)
    if vault.has(name, entry.size_bytes):
        return ""
    source = None if entry.is_missing else entry.open()
    if source is None:
        return "missing"
    try:
        with closing(source):
            _store(vault, name, source, entry)
    except DifferentContent:
        return "damaged"
    manifest.new_file_count += 1
    manifest.stored_bytes += encrypted_size(entry.size_bytes)
    return ""


def _store(vault: Vault, name: str, source: IO[bytes], entry: BackupFile) -> None:
    with vault.writing(name) as writer:
        if copied_digest(iter(partial(source.read, CHUNK_BYTES), b""), writer.write) != entry.sha256:
            raise DifferentContent
