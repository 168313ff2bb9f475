"""Sending background work without depending on the broker."""

import logging
import time

from celery import current_app
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)

SLOW_SECONDS = 1.0
QUIET_SECONDS = 5.0
_quiet_until = 0.0


def hint(task_name: str, *args: object) -> None:
    """Ask a worker to run the task soon. Only a hint: a schedule finds the same work, so a broker may be down.

    After a broker that took long to fail this process asks nobody for a while, so that few requests wait for it.
    """
    global _quiet_until
    started = time.monotonic()
    if started < _quiet_until:
        return
    try:
        current_app.send_task(task_name, args=args, retry=False)
    except (KombuError, OSError) as error:
        if time.monotonic() - started > SLOW_SECONDS:
            _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("%s was not sent, the schedule will find its work: %s", task_name, error)
