"""The command `verify_backup`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from releasehub.operations.backups.verifying import verify_backup
from releasehub.operations.commands import VaultCommand


class Command(VaultCommand):
    help = (
        "Read every byte of a backup and compare it with its digests: the manifest, all tables, all files and the "
        "keys. Nothing is changed. Exit with code 1 if anything is missing or damaged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--backup", default="", metavar="ID", help="the backup (default: the newest complete one)")

    def handle(self, *args: Any, target: str, backup: str, **options: Any) -> None:
        with self.reporting(options):
            passphrase = self.passphrase(options)
            result = verify_backup(target, passphrase=passphrase, backup_id=backup, progress=self.progress)
        for fault in result.faults:
            self.stderr.write(fault)
        summary = f"{result.rows} rows and {result.files} files ({filesizeformat(result.file_bytes)})"
        if result.faults:
            raise CommandError(
                f"Backup {result.manifest.backup_id} has {len(result.faults)} faults; {summary} were read. Make a new "
                "backup into another target."
            )
        self.stdout.write(f"Backup {result.manifest.backup_id} is sound: {summary} match their digests.")
