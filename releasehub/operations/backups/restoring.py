"""Restore a backup into an empty hub: files first, then the rows in one transaction, and the keys.

An interrupted run can be repeated. It continues with the files, and a marker in the data directory tells that the rows
which the hub may already have are those of this backup.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection

from files.storage import BLOBS, blob_storage, copied_digest, written
from files.uploads.ending import expire_all_uploads
from releasehub.operations.backups.backup_files import BLOB, BackupFile, read_file_list
from releasehub.operations.backups.compressed_lines import read_lines
from releasehub.operations.backups.copying import REPORTED_FILES
from releasehub.operations.backups.keys import stored_keys, use_keys
from releasehub.operations.backups.manifest import Manifest, part_name, read_manifest
from releasehub.operations.backups.proof import Proof, prove
from releasehub.operations.errors import OperationError
from releasehub.operations.exclusive import exclusive
from releasehub.operations.read_only import remove_fence, switch_off
from releasehub.operations.records import record_backup
from releasehub.operations.tables.export import Progress
from releasehub.operations.tables.load import is_empty, load_lines
from releasehub.operations.tables.schema import ensure_known, ensure_own_tables, prepare_tables
from releasehub.operations.vault.vault import Vault, open_vault
from releasehub.search.refresh import schedule_rebuild


def restore_backup(
    target: str,
    *,
    passphrase: str,
    backup_id: str = "",
    replace: bool = False,
    progress: Progress = lambda text: None,
) -> Proof:
    """Restore a backup, by default the newest complete one, and prove that the hub has its content.

    Args:
        replace: Whether to replace the rows of a hub that is not empty.

    Raises:
        OperationError: The backup cannot be read, or the hub is not empty.
        DomainError: The storage failed.
    """
    with exclusive(f"restore of {target}"):
        vault = open_vault(target, passphrase)
        manifest = read_manifest(vault, backup_id)
        migrations = [(app, name) for app, name in manifest.migrations]
        ensure_known(migrations, manifest.release)
        _ensure_replaceable(manifest, replace=replace)
        _restore_files(vault, read_file_list(vault, manifest.backup_id), manifest, progress)
        keys = stored_keys(vault, manifest.backup_id)
        prepare_tables(connection, migrations)
        remove_fence()
        _load(vault, manifest, progress)
        # Not before the rows: those that a failed restore leaves in place still need the keys of the hub.
        variables = use_keys(keys)
        _finish(target, manifest)
        proof = prove(manifest, progress)
        proof.variables = variables
        return proof


def _load(vault: Vault, manifest: Manifest, progress: Progress) -> None:
    """Load the rows. A hub in which that fails has its own rows, so the next run must not replace them unasked."""
    _marker().write_text(manifest.backup_id, encoding="utf-8")
    try:
        load_lines(connection, read_lines(vault, part_name(manifest.backup_id, "database")), progress=progress)
    except BaseException:
        _marker().unlink()
        raise


def end_restore() -> None:
    """Remove the marker, after the operator was told that the restore has ended."""
    _marker().unlink()


def _marker() -> Path:
    return Path(settings.DATA_DIR) / "restoring"


def _ensure_replaceable(manifest: Manifest, *, replace: bool) -> None:
    ensure_own_tables(connection)
    marker = _marker()
    is_continued = marker.exists() and marker.read_text(encoding="utf-8") == manifest.backup_id
    if not (replace or is_continued or is_empty(connection)):
        raise OperationError(
            "This hub is not empty: it has users, downloads or audit rows. Restore into an empty database, or add "
            "--replace to delete all of its rows."
        )


def _restore_files(vault: Vault, entries: Iterable[BackupFile], manifest: Manifest, progress: Progress) -> None:
    """Restore all files. Files that the storage already has stay; the proof compares every one with its digest."""
    if settings.STORAGE_KIND == "local":  # a hub that has lost this folder refuses to store files
        (Path(settings.FILES_DIR) / BLOBS).mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate(entries, 1):
        if entry.key not in manifest.problems:
            if entry.kind == BLOB:
                _restore_blob(vault, entry)
            else:
                _restore_export(vault, entry)
        if number % REPORTED_FILES == 0:
            progress(f"{number} of {manifest.file_count} files restored")


def _restore_blob(vault: Vault, entry: BackupFile) -> None:
    if blob_storage().size(entry.key) == entry.size_bytes:
        return
    with written(blob_storage().new_writer(entry.key)) as writer:
        if copied_digest(vault.chunks(vault.object_name(entry.sha256)), writer.write) != entry.sha256:
            raise OperationError(f"{entry.key} has content with a different SHA-256. Use another backup.")


def _restore_export(vault: Vault, entry: BackupFile) -> None:
    storage = storages["default"]
    content = b"".join(vault.chunks(vault.object_name(entry.sha256)))
    if storage.exists(entry.key):
        storage.delete(entry.key)
    storage.save(entry.key, ContentFile(content))


def _finish(target: str, manifest: Manifest) -> None:
    """Apply newer migrations, and restart work that was in progress on the other machine."""
    call_command("migrate", verbosity=0, interactive=False)
    switch_off()  # the backup may have been made in the read-only mode
    expire_all_uploads()
    schedule_rebuild()
    started_at = datetime.fromisoformat(manifest.created_at)
    record_backup(manifest.backup_id, target=target, started_at=started_at, figures=manifest.figures)
