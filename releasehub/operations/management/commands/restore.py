"""The command `restore`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from releasehub.operations.backups.keys import ENVIRONMENT_FILE
from releasehub.operations.backups.proof import Proof
from releasehub.operations.backups.restoring import end_restore, restore_backup
from releasehub.operations.commands import VaultCommand


class Command(VaultCommand):
    help = (
        "Restore a backup into an empty hub, on SQLite or PostgreSQL and with files on disk or S3, whichever the "
        "settings say. Stop the hub first. At the end, every table and file is compared with its digest, the audit log "
        "is verified, and all secrets are decrypted. An interrupted run can be repeated. Exit with code 1 if anything "
        "differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--backup", default="", metavar="ID", help="the backup (default: the newest complete one)")
        parser.add_argument(
            "--replace", action="store_true", help="delete all rows of a hub that is not empty; without it, refuse"
        )

    def handle(self, *args: Any, target: str, backup: str, replace: bool, **options: Any) -> None:
        with self.reporting(options):
            passphrase = self.passphrase(options)
            proof = restore_backup(
                target, passphrase=passphrase, backup_id=backup, replace=replace, progress=self.progress
            )
        self._print(proof)
        end_restore()
        if proof.faults:
            raise CommandError(f"The restored hub differs from backup {proof.backup_id} in {len(proof.faults)} places.")

    def _print(self, proof: Proof) -> None:
        for fault in proof.faults:
            self.stderr.write(fault)
        self.stdout.write(f"Backup {proof.backup_id} is restored.")
        self.stdout.write(f"rows: {proof.rows}, all tables have their digests")
        self.stdout.write(f"files: {proof.files} ({filesizeformat(proof.file_bytes)}) have their digests")
        self.stdout.write(f"audit log: {proof.audit_rows} rows verified")
        self.stdout.write(f"secrets: {proof.secrets} decrypted")
        if proof.absent:
            self.stdout.write(f"{proof.absent} files were missing or damaged when the backup was made.")
        if proof.variables:
            self.stdout.write(
                f"Set {', '.join(proof.variables)} to the values in {ENVIRONMENT_FILE} in the data directory, then "
                "delete that file."
            )
