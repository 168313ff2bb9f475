"""The command `backup`."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from releasehub.operations.backups.creating import create_backup
from releasehub.operations.commands import VaultCommand


class Command(VaultCommand):
    help = (
        "Back up the hub while it runs: all tables as of one moment, all stored files, and the keys. Everything is "
        "encrypted with a passphrase, without which nothing can be restored. Files that the target has already are not "
        "copied again. An interrupted backup does not count; run the command again, and it continues. Exit with code 3 "
        "if the backup is complete, but files of the hub itself are missing or damaged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--keep",
            type=_count,
            default=0,
            metavar="N",
            help="afterwards remove all but the newest N backups of the target, and files that only they had",
        )

    def handle(self, *args: Any, target: str, keep: int, **options: Any) -> None:
        with self.reporting(options):
            passphrase = self.passphrase(options)
            manifest = create_backup(target, passphrase=passphrase, keep=keep, progress=self.progress)
        self.stdout.write(
            f"Backup {manifest.backup_id} is complete: {manifest.row_count} rows, {manifest.file_count} files "
            f"({filesizeformat(manifest.file_bytes)}), {manifest.new_file_count} of them new; "
            f"{filesizeformat(manifest.stored_bytes)} were stored."
        )
        wrong = {key: text for key, text in manifest.problems.items() if text in {"missing", "damaged"}}
        for key, problem in wrong.items():
            self.stderr.write(f"{key}: {problem}")
        if wrong:
            raise CommandError(
                f"{len(wrong)} stored files of the hub are missing or damaged, so the backup does not contain them. "
                "Run `manage.py verify_storage`, and restore them from an earlier backup.",
                returncode=3,
            )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ArgumentTypeError("enter a number of backups that is at least 1")
    return int(text)
