"""The web server of `manage.py serve`: Granian, which SIGQUIT (Ctrl-\\) ends as SIGTERM does."""

import os
import signal
from types import FrameType

from granian.cli import entrypoint


def end_in_order(number: int, frame: FrameType | None) -> None:
    """Send SIGTERM to this process, because Granian installs its own handlers for its own signals only."""
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    # Worker processes are forks, so they inherit the handler. A shell may start background jobs with SIGQUIT ignored.
    signal.signal(signal.SIGQUIT, end_in_order)
    entrypoint()  # type: ignore[no-untyped-call]
