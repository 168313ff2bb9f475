"""A worker process of `manage.py serve` ends with the server that started it, also when that was killed."""

import os
import threading
import time

VARIABLE = "RELEASEHUB_SERVER_PID"
LOOK_SECONDS = 0.25


def hold() -> None:
    """Without this an orphan would keep the port and the hub could not be started again. Nothing outside of `serve`."""
    if server := os.environ.get(VARIABLE):
        threading.Thread(target=_watch, args=(int(server),), daemon=True, name="lifeline").start()


def _watch(server: int) -> None:
    while os.getppid() == server:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
