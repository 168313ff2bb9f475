"""The command-line client of ReleaseHub. It uses the HTTP API only and imports nothing of the hub."""

from __future__ import annotations

__version__ = "0.2.0"
PROGRAM = "releasehub"


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    import signal

    from releasehub_cli.app import cli

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a canceled CI job prints how to resume, too
    cli.main(prog_name=PROGRAM)
