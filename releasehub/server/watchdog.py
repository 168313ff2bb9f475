"""A watchdog that ends a worker process of `manage.py serve` when its server ends, even if the server was killed."""

import os
import signal
import threading
import time

VARIABLE = "RELEASEHUB_SERVER_PID"
TERMINAL = "RELEASEHUB_SERVER_TERMINAL"  # set if the server was started in a terminal
LOOK_SECONDS = 0.25


def hold() -> None:
    """Start the watchdog thread. Outside `serve` this does nothing.

    Without it, an orphaned worker process would keep the port, and the hub could not be started again.
    """
    if server := os.environ.get(VARIABLE):
        if has_lost_terminal():
            os.kill(int(server), signal.SIGTERM)
        threading.Thread(target=_watch, args=(int(server),), daemon=True, name="lifeline").start()


def has_lost_terminal() -> bool:
    """Return whether the server was started in a terminal that is closed now.

    A terminal that closes sends SIGHUP, at which the server replaces its worker processes. Without this check, the hub
    would run on unseen and keep the port.
    """
    return bool(os.environ.get(TERMINAL)) and not os.isatty(1)


def _watch(server: int) -> None:
    """End this process as soon as its parent is no longer the server.

    The operating system gives an orphaned process a new parent, which also shows that a server was killed. `os._exit`
    ends the process even if other threads are blocked.
    """
    while os.getppid() == server:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
