"""Extend a lease from another thread while a long piece of work goes on."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, connection

log = logging.getLogger(__name__)


@contextmanager
def heartbeat(extend: Callable[[], object], seconds: float) -> Iterator[None]:
    """Call the function again and again while the block runs. If the process is killed, the calls end with it."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(extend, seconds, done), daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(extend: Callable[[], object], seconds: float, done: threading.Event) -> None:
    try:
        while not done.wait(seconds):
            _extend(extend)
    finally:
        connection.close()


def _extend(extend: Callable[[], object]) -> None:
    """Call the function. The lease outlasts some failed calls, so the next one may still be in time."""
    try:
        extend()
    except Error:  # also an InterfaceError, which is not a DatabaseError
        log.warning("A lease could not be extended.", exc_info=True)
        connection.close()
