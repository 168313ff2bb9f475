"""The command `verify_audit`, which checks that the audit log was not changed."""

from argparse import ArgumentParser
from typing import Any

from releasehub.audit.exports import ExportedHead
from releasehub.audit.sinks import exported_heads
from releasehub.audit.verification import VerificationResult, verify
from releasehub.core.commands import HubCommand


class Command(HubCommand):
    help = (
        "Verify the hash chain of the audit log. Exit with code 1 and report the first bad row if the log was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=int, metavar="POSITION", help="verify from this position on")

    def handle(self, *args: Any, start: int | None, **options: Any) -> None:
        result = verify(start, self._exported_heads())
        self._print(result)
        if result.fault is not None:
            raise SystemExit(1)

    def _exported_heads(self) -> list[ExportedHead]:
        try:
            return list(exported_heads())
        except Exception as error:  # every storage backend has errors of its own
            self.stderr.write(f"The exported heads could not be read ({type(error).__name__}). Verifying without them.")
            return []

    def _print(self, result: VerificationResult) -> None:
        self.stdout.write(f"{result.checked} rows verified, {result.waiting} waiting to be chained.")
        self.stdout.write(f"head {result.head.position} {result.head.chain_hash}")
        if fault := result.fault:
            row = f" (entry {fault.entry_id})" if fault.entry_id is not None else ""
            self.stderr.write(f"first bad row: position {fault.position}{row}. {fault.problem}")
