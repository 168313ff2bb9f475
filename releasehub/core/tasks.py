"""Hints to background workers, which a request can send even if the message broker is down."""

import logging
import time

from celery import current_app
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)

SLOW_BROKER_SECONDS = 1.0
PAUSE_SECONDS = 5.0
_paused_until = 0.0


def hint(task_name: str, *args: object) -> None:
    """Ask a worker to run the task soon, without failing if the message broker cannot be reached.

    The schedule finds the same work later, so a lost hint only costs time. If the broker fails slowly, this process
    sends no hints for the next few seconds, so that few requests have to wait for the broker.
    """
    global _paused_until
    started = time.monotonic()
    if started < _paused_until:
        return
    try:
        # Without retries: Celery would otherwise block this request until the broker is back.
        current_app.send_task(task_name, args=args, retry=False)
    except (KombuError, OSError) as error:
        if time.monotonic() - started > SLOW_BROKER_SECONDS:
            _paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("The hint for %s was not sent. The schedule will find its work later. Cause: %s", task_name, error)
