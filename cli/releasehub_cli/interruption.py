"""Interruptions: Ctrl-C, and the signals that end a canceled CI job or a closed session."""

from __future__ import annotations

import signal
from typing import Any, NoReturn

from releasehub_cli.errors import CliError, Exit


def catch_signals() -> None:
    """Let SIGTERM and SIGHUP interrupt the command as Ctrl-C does, so that it prints how to resume.

    A signal that the caller ignores, as `nohup` does, stays ignored. Windows has no SIGHUP.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def interrupted(cause: BaseException | None, hint: str = "") -> CliError:
    """Return the error for an interruption. Its exit code is 128 plus the number of the signal, as in a shell."""
    number = cause.args[0] if isinstance(cause, KeyboardInterrupt) and cause.args else signal.SIGINT
    return CliError("Interrupted.", code="interrupted", exit_code=Exit(128 + number), hint=hint)


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt(number)
