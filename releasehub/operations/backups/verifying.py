"""Verify a backup: read every byte of it, and compare it with its digests."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from releasehub.operations.backups.backup_files import read_file_list
from releasehub.operations.backups.compressed_lines import read_lines
from releasehub.operations.backups.copying import REPORTED_FILES
from releasehub.operations.backups.keys import stored_keys
from releasehub.operations.backups.manifest import Manifest, part_name, read_manifest
from releasehub.operations.errors import OperationError
from releasehub.operations.records import record_verification
from releasehub.operations.tables.export import Progress, read_tables
from releasehub.operations.vault.vault import Vault, open_vault


@dataclass
class Verification:
    """The result of a verification. The backup is sound if there are no faults."""

    manifest: Manifest
    rows: int = 0
    files: int = 0
    file_bytes: int = 0
    faults: list[str] = field(default_factory=list)


def verify_backup(
    target: str, *, passphrase: str, backup_id: str = "", progress: Progress = lambda text: None
) -> Verification:
    """Verify a backup, by default the newest complete one, and record the result if it is sound.

    Raises:
        OperationError: The target or its manifest cannot be read.
    """
    vault = open_vault(target, passphrase)
    result = Verification(read_manifest(vault, backup_id))
    for check in (_check_tables, _check_files, _check_keys):
        try:
            result.faults.extend(check(vault, result, progress))
        except OperationError as error:
            result.faults.append(str(error))
    if not result.faults:
        record_verification(result.manifest.backup_id)
    return result


def _check_tables(vault: Vault, result: Verification, progress: Progress) -> Iterator[str]:
    """Compare each table with its own digest and with that of the manifest."""
    missing = dict(result.manifest.tables)
    for imported in read_tables(read_lines(vault, part_name(result.manifest.backup_id, "database"))):
        result.rows += sum(1 for _ in imported.rows)
        figures = imported.figures
        expected = missing.pop(imported.table.name, None)
        if figures is None or expected != {"rows": figures.rows, "digest": figures.digest}:
            yield f"The table {imported.table.name} is not the one that the manifest names."
        progress(f"{imported.table.name} verified")
    yield from (f"The table {name} is missing." for name in missing)


def _check_files(vault: Vault, result: Verification, progress: Progress) -> Iterator[str]:
    for entry in read_file_list(vault, result.manifest.backup_id):
        if entry.key in result.manifest.problems:
            continue
        digest = hashlib.sha256()
        try:
            for chunk in vault.chunks(vault.object_name(entry.sha256)):
                digest.update(chunk)
        except OperationError as error:
            yield f"{entry.key}: {error}"
            continue
        if digest.hexdigest() != entry.sha256:
            yield f"{entry.key} has content with a different SHA-256."
        result.files += 1
        result.file_bytes += entry.size_bytes
        if result.files % REPORTED_FILES == 0:
            progress(f"{result.files} of {result.manifest.file_count} files verified")
    if result.files != result.manifest.file_count:
        yield f"{result.files} files are sound, but the manifest names {result.manifest.file_count}."


def _check_keys(vault: Vault, result: Verification, progress: Progress) -> Iterator[str]:
    if not stored_keys(vault, result.manifest.backup_id)["secret_key"]:
        yield "The backup contains no SECRET_KEY."
