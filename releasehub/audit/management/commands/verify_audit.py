"""Prove that the audit log is what was written."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from releasehub.audit.exports import ExportedHead
from releasehub.audit.sinks import exported_heads
from releasehub.audit.verification import Verdict, verify


class Command(BaseCommand):
    help = "Recompute the hash chain of the audit log and name the first row that does not fit (exit code 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=int, metavar="POSITION", help="check from this row on")

    def handle(self, *args: Any, start: int | None, **options: Any) -> None:
        verdict = verify(start, self._exported())
        self._print(verdict)
        if verdict.finding is not None:
            raise SystemExit(1)

    def _exported(self) -> list[ExportedHead]:
        try:
            return list(exported_heads())
        except Exception as error:  # every storage backend has errors of its own
            self.stderr.write(f"The heads in storage could not be read: {type(error).__name__}.")
            return []

    def _print(self, verdict: Verdict) -> None:
        self.stdout.write(f"{verdict.checked} rows are as they were written, {verdict.waiting} wait for the chain.")
        self.stdout.write(f"head {verdict.head.position} {verdict.head.chain_hash}")
        if finding := verdict.finding:
            row = f" (entry {finding.entry_id})" if finding.entry_id is not None else ""
            self.stderr.write(f"first bad row: position {finding.position}{row}. {finding.problem}")
