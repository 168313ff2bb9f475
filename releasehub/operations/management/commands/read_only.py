"""The command `read_only`."""

from argparse import ArgumentParser
from typing import Any

from releasehub.operations.commands import OperationCommand
from releasehub.operations.read_only import current_mode, switch_off, switch_on


class Command(OperationCommand):
    help = (
        "Switch the read-only mode on or off, or show it. In this mode the hub serves every read, answers every change "
        "with 503 and Retry-After, and runs no background tasks. `move_database` and `move_files` switch it on "
        "themselves; switch it off to cancel an interrupted move and to continue with the old database or storage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mode", choices=["on", "off", "status"])
        parser.add_argument("--reason", default="maintenance", help="a note for `read_only status`")

    def handle(self, *args: Any, mode: str, reason: str, **options: Any) -> None:
        with self.reporting(options):
            if mode == "on":
                switch_on(reason)
            elif mode == "off":
                switch_off()
        current = current_mode()
        self.stdout.write(
            f"The hub is read-only since {current.since:%Y-%m-%d %H:%M} UTC: {current.reason}."
            if current
            else "The hub accepts changes."
        )
