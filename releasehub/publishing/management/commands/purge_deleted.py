"""Erase the rows that were soft-deleted before the retention window, by hand or from cron."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from releasehub.core.commands import HubCommand
from releasehub.publishing.erasure_preview import preview_purge
from releasehub.publishing.purge import purge_deleted


class Command(HubCommand):
    help = (
        "Permanently delete everything that was soft-deleted before the retention period. The command first prints "
        "what goes, asks for confirmation if it runs in a terminal, and prints the counts at the end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=int,
            metavar="DAYS",
            help="the retention period in days (default: RELEASEHUB_RETENTION_DAYS)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be deleted permanently, and change nothing"
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask for confirmation in a terminal")

    def handle(self, *args: Any, dry_run: bool, no_input: bool, **options: Any) -> None:
        days = options["older_than"]
        older_than = timedelta(days=days) if days is not None else None
        preview = preview_purge(older_than)
        for line in [*preview.lines(), *preview.name_lines()]:
            self.stderr.write(line)
        if dry_run or not (no_input or preview.is_empty or self._is_confirmed()):
            self.stderr.write("Nothing was deleted permanently.")
            return
        counts = purge_deleted(older_than=older_than)
        self.stdout.write(", ".join(f"{number} {name}" for name, number in counts.items()))

    def _is_confirmed(self) -> bool:
        """Ask for confirmation in a terminal. A run from cron needs no confirmation."""
        return not sys.stdin.isatty() or input("Type yes to delete this permanently: ").strip() == "yes"
