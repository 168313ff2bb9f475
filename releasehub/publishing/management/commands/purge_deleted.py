"""Erase the rows that were soft-deleted before the retention window, by hand or from cron."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from releasehub.publishing.deletion import purge_deleted


class Command(BaseCommand):
    help = "Permanently delete everything that was soft-deleted before the retention period, and print the counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=int,
            metavar="DAYS",
            help="the retention period in days (default: RELEASEHUB_RETENTION_DAYS)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["older_than"]
        counts = purge_deleted(older_than=timedelta(days=days) if days is not None else None)
        self.stdout.write(", ".join(f"{number} {name}" for name, number in counts.items()))
