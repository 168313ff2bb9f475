"""The proof that a restored hub has the content of its backup and can use its keys."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from files.blob_checks import verify_blobs
from files.models import Blob
from releasehub.audit.sinks import exported_heads
from releasehub.audit.verification import verify
from releasehub.core.encryption import DecryptionError, decrypt
from releasehub.operations.backups.copying import REPORTED_FILES
from releasehub.operations.backups.manifest import Manifest
from releasehub.operations.tables.export import Progress
from releasehub.operations.tables.schema import exported_tables, quoted
from releasehub.operations.tables.values import ValueKind

# The beginning of every encrypted value: our prefix, then the version and the zeros of the time of a Fernet token.
_ENCRYPTED = "v1.gAAAA%"


@dataclass
class Proof:
    """The comparisons that were made. The restored hub is right if there are no faults.

    Attributes:
        rows: Rows whose tables have the digests of the backup. They were compared before the commit.
        secrets: Encrypted values that could be decrypted.
        absent: Files that the backup did not contain, because they were missing or damaged when it was made.
        variables: Variables that the operator has to set to the values in the file `restored-keys.env`.
    """

    backup_id: str
    rows: int
    files: int = 0
    file_bytes: int = 0
    audit_rows: int = 0
    secrets: int = 0
    absent: int = 0
    faults: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)


def prove(manifest: Manifest, progress: Progress) -> Proof:
    """Read every file of the restored hub, verify its audit log, and decrypt all secrets."""
    proof = Proof(manifest.backup_id, manifest.row_count)
    _prove_files(proof, manifest, progress)
    _prove_audit_log(proof)
    for secret in stored_secrets():
        try:
            decrypt(secret)
            proof.secrets += 1
        except DecryptionError:
            proof.faults.append("An encrypted value cannot be decrypted with the restored keys.")
    return proof


def _prove_files(proof: Proof, manifest: Manifest, progress: Progress) -> None:
    for check in verify_blobs(Blob.objects.order_by("id").iterator()):
        if not check.problem:
            proof.files += 1
            proof.file_bytes += check.blob.size_bytes
        elif check.blob.storage_key in manifest.problems:
            proof.absent += 1
        else:
            proof.faults.append(f"{check.blob.storage_key} {check.problem}")
        if proof.files % REPORTED_FILES == 0:
            progress(f"{proof.files} files compared with their digests")


def _prove_audit_log(proof: Proof) -> None:
    result = verify(None, exported_heads())
    proof.audit_rows = result.checked
    if result.fault is not None:
        proof.faults.append(f"The audit log is wrong at position {result.fault.position}. {result.fault.problem}")


def stored_secrets() -> Iterator[str]:
    """Yield the encrypted values of all columns."""
    for table in exported_tables():
        for column, kind in zip(table.columns, table.kinds, strict=True):
            if kind is ValueKind.TEXT:
                with connection.cursor() as cursor:
                    # As text, because PostgreSQL compares no IP address with a pattern.
                    text = f"CAST({quoted(column)} AS text)"
                    statement = f"SELECT {text} FROM {quoted(table.name)} WHERE {text} LIKE %s"  # noqa: S608 - names of models
                    cursor.execute(statement, [_ENCRYPTED])
                    yield from (value for (value,) in cursor)
