"""A watchdog that ends a worker process of `manage.py serve` when its server ends, even if the server was killed."""

import os
import threading
import time

VARIABLE = "RELEASEHUB_SERVER_PID"
LOOK_SECONDS = 0.25


def hold() -> None:
    """Start the watchdog thread. Outside `serve` this does nothing.

    Without it, an orphaned worker process would keep the port, and the hub could not be started again.
    """
    if server := os.environ.get(VARIABLE):
        threading.Thread(target=_watch, args=(int(server),), daemon=True, name="lifeline").start()


def _watch(server: int) -> None:
    """End this process as soon as its parent is no longer the server.

    The operating system gives an orphaned process a new parent, which also shows that a server was killed. `os._exit`
    ends the process even if other threads are blocked.
    """
    while os.getppid() == server:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
