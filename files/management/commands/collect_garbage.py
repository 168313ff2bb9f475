from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from files.garbage import GRACE, find_garbage, remove
from releasehub.core.commands import HubCommand


class Command(HubCommand):
    help = (
        "Remove objects from storage that no database row refers to: expired uploads, parts of aborted "
        "uploads, objects without a row and blobs without a file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the objects without removing them")
        hours = GRACE.total_seconds() / 3600
        parser.add_argument(
            "--older-than",
            type=float,
            default=hours,
            metavar="HOURS",
            help=f"remove only objects that are at least this old (default: {hours:g})",
        )

    def handle(self, *args: Any, dry_run: bool, older_than: float, **options: Any) -> None:
        count = removed = size = 0
        for item in find_garbage(older_than=timedelta(hours=older_than)):
            count += 1
            if dry_run or remove(item):
                removed += 1
                size += item.size_bytes
                self.stdout.write(f"{item.kind}\t{item.name}\t{item.size_bytes}")
        word = "would be removed" if dry_run else "removed"
        self.stderr.write(f"{removed} of {count} objects {word}, {size} bytes")
