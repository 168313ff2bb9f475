"""Create a backup: the database as of one moment, the files that it refers to, the keys, and the manifest last.

The hub can be used during a backup. An interrupted run leaves no complete backup; the next run reuses the files that it
had copied, and removes the rest.
"""

from django.db import connection
from django.utils import timezone

from files.models import Blob
from releasehub.core.readiness import is_migrated
from releasehub.operations.backups.backup_files import audit_exports, read_file_list, stored_files
from releasehub.operations.backups.compressed_lines import write_lines
from releasehub.operations.backups.copying import copy_files
from releasehub.operations.backups.keys import store_keys
from releasehub.operations.backups.manifest import Manifest, new_manifest, part_name, write_manifest
from releasehub.operations.backups.retention import remove_incomplete, remove_old
from releasehub.operations.errors import OperationError
from releasehub.operations.exclusive import exclusive
from releasehub.operations.records import record_backup, record_failure
from releasehub.operations.tables.export import Progress, TableFigures, export_lines
from releasehub.operations.tables.schema import applied_migrations
from releasehub.operations.tables.snapshots import Snapshot, open_snapshot
from releasehub.operations.vault.vault import Vault, open_or_create_vault


def create_backup(target: str, *, passphrase: str, keep: int = 0, progress: Progress = lambda text: None) -> Manifest:
    """Create a backup in the target, and record it.

    Args:
        target: A folder, or s3://bucket/folder.
        passphrase: The passphrase of the target. The first backup sets it.
        keep: The number of backups to keep, this one included; 0 keeps all.

    Raises:
        OperationError: The backup cannot be made. The failure is recorded.
        DomainError: The storage failed. The failure is recorded.
    """
    started_at = timezone.now()
    try:
        with exclusive(f"backup to {target}"):
            _ensure_migrated()
            vault = open_or_create_vault(target, passphrase)
            remove_incomplete(vault)
            manifest = _create(vault, progress)
            record_backup(manifest.backup_id, target=target, started_at=started_at, figures=manifest.figures)
            if keep:
                remove_old(vault, keep=keep, progress=progress)
            return manifest
    except Exception as error:  # any kind of failure is recorded for staff, and raised again
        record_failure(target=target, started_at=started_at, error=str(error) or type(error).__name__)
        raise


def _create(vault: Vault, progress: Progress) -> Manifest:
    manifest = new_manifest(vault)
    # Before the database: an export may name the end of the audit log, which the database must not fall behind.
    exports = list(audit_exports())
    with open_snapshot(connection) as snapshot:
        _store_tables(vault, manifest, snapshot, progress)
        lines = (entry.to_line() for entry in (*exports, *stored_files(snapshot)))
        manifest.stored_bytes += write_lines(vault, part_name(manifest.backup_id, "files"), lines)
    copy_files(vault, read_file_list(vault, manifest.backup_id), manifest, progress)
    _forget_deleted(manifest)
    store_keys(vault, manifest.backup_id)
    _ensure_undisturbed(vault, manifest)
    write_manifest(vault, manifest)
    return manifest


def _ensure_undisturbed(vault: Vault, manifest: Manifest) -> None:
    """Check that the parts still exist. A backup that another machine begins removes those of unfinished ones."""
    if not all(vault.exists(part_name(manifest.backup_id, part)) for part in ("database", "files", "keys")):
        raise OperationError(
            "Another machine has begun a backup into the same target, so this one is incomplete. Let only one machine "
            "back up into a target at a time, then try again."
        )


def _store_tables(vault: Vault, manifest: Manifest, snapshot: Snapshot, progress: Progress) -> None:
    manifest.database, manifest.migrations = connection.vendor, [list(pair) for pair in applied_migrations(connection)]
    found: dict[str, TableFigures] = {}
    lines = export_lines(snapshot, found=found, progress=progress)
    manifest.stored_bytes += write_lines(vault, part_name(manifest.backup_id, "database"), lines)
    manifest.tables = {name: {"rows": table.rows, "digest": table.digest} for name, table in found.items()}


def _forget_deleted(manifest: Manifest) -> None:
    """Mark the files that users deleted during the backup, because these are not missing by mistake."""
    for key, problem in manifest.problems.items():
        if problem == "missing" and not Blob.objects.filter(storage_key=key).exists():
            manifest.problems[key] = "deleted during the backup"


def _ensure_migrated() -> None:
    if not is_migrated():
        raise OperationError("The database has migrations to apply. Run `manage.py migrate` first.")
