"""The command-line client of ReleaseHub. It uses the HTTP API only and imports nothing of the hub."""

from __future__ import annotations

__version__ = "0.2.0"
PROGRAM = "releasehub"


def main() -> None:
    """Run the command line and exit the process with its exit code."""
    import signal

    on_interrupt = signal.getsignal(signal.SIGINT)
    if on_interrupt is signal.default_int_handler:
        # Until the program can report an interruption, Ctrl-C ends the process without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from releasehub_cli.app import cli
    from releasehub_cli.interruption import catch_signals

    catch_signals()
    signal.signal(signal.SIGINT, on_interrupt)
    cli.main(prog_name=PROGRAM)
