"""The command `move_files`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from releasehub.operations.commands import OperationCommand
from releasehub.operations.moves.files import KINDS, move_files


class Command(OperationCommand):
    help = (
        "Move the stored files from disk to S3 or back while the hub serves reads. Files are copied and compared with "
        "their digests while the hub is used; for the last few it becomes read-only, and changes are answered with 503 "
        "and Retry-After. Then set RELEASEHUB_STORAGE and restart all processes: the mode ends for each one that is "
        "started with the new storage. Run the command once more after that. An interrupted run can be repeated, or "
        "canceled with `read_only off`. Exit with code 1 if a file is missing or damaged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", required=True, choices=KINDS, help="the storage to move to")

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        with self.reporting(options):
            move = move_files(to, progress=self.progress)
        self.stdout.write(
            f"{move.compared} files ({filesizeformat(move.size_bytes)}) in the storage {to} have their digests; "
            f"{move.copied} were copied."
        )
        if move.is_switched:
            self.stdout.write(
                f"The hub is read-only. Set RELEASEHUB_STORAGE={to}, restart web, workers and beat, then run this "
                "command once more."
            )
        for key, problem in move.faults.items():
            self.stderr.write(f"{key} {problem}")
        if move.faults:
            raise CommandError(
                f"{len(move.faults)} files could not be moved, because the old storage has lost or damaged them. "
                "Restore them from a backup."
            )
