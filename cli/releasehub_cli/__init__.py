"""The command-line client. It knows the hub only through HTTP: no Django, no other part of the project."""

from __future__ import annotations

__version__ = "0.2.0"
PROGRAM = "releasehub"


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    import signal

    from releasehub_cli.app import cli

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled CI job also learns how to resume
    cli.main(prog_name=PROGRAM)
