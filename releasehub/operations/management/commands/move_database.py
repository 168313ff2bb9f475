"""The command `move_database`."""

import sys
from argparse import ArgumentParser
from typing import Any

from releasehub.operations.commands import OperationCommand
from releasehub.operations.moves.database import move_database


class Command(OperationCommand):
    help = (
        "Move the rows of a hub from SQLite to PostgreSQL while it serves reads. The hub becomes read-only: changes "
        "are answered with 503 and Retry-After. All tables are copied in one transaction and compared with their "
        "digests. Then set DATABASE_URL and restart all processes; those that still use SQLite stay read-only, so "
        "nothing is lost. An interrupted run can be repeated, or canceled with `read_only off`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "url",
            metavar="URL",
            help="the empty target: postgresql://user:password@host/name; - reads it from standard input, so that the "
            "password is not in the list of processes",
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        with self.reporting(options):
            target = sys.stdin.readline().strip() if url == "-" else url
            move = move_database(target, progress=self.progress)
        how = "were copied before" if move.was_done else "were copied"
        self.stdout.write(
            f"{move.rows} rows of {move.tables} tables {how}, and all tables have the digests of the source. The hub "
            "is read-only. Set DATABASE_URL to the new database and restart web, workers and beat."
        )
