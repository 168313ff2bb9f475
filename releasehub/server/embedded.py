"""Worker and scheduler as threads of the one web process of `make run`, for hubs without Redis."""

import logging
import threading
import time
from typing import Any

from celery.beat import Scheduler
from celery.signals import worker_ready
from django.conf import settings
from django.db import close_old_connections

from releasehub.server.celery import app

log = logging.getLogger(__name__)


def start_worker() -> None:
    """Start the scheduler and a worker for each lane; all of them end with the process.

    Each lane has threads of its own, so slow receivers and slow hosts hold up neither the schedule nor the audit chain.
    Nothing is lost at the end, because the database knows what is still to do.
    """
    threading.Thread(target=_start_lanes, daemon=True, name="celery-start").start()


def _start_lanes() -> None:
    """Start one lane after the other: Celery keeps the queues of the worker that starts in its application object."""
    for queues, threads in settings.EMBEDDED_QUEUE_THREADS.items():
        _start_lane(queues, threads)
    _schedule()


def _start_lane(queues: str, threads: int) -> None:
    """Start a worker and wait until it consumes its queues."""
    name, is_ready = queues.partition(",")[0], threading.Event()

    def announce(consumer: Any) -> None:
        is_ready.set()
        worker_ready.send(sender=consumer)

    worker = app.WorkController(
        pool="threads",
        concurrency=threads,
        queues=queues,
        prefetch_multiplier=1,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        hostname=f"{name}@localhost",
        ready_callback=announce,
    )
    threading.Thread(target=worker.start, daemon=True, name=f"celery-{name}").start()
    is_ready.wait()


def _schedule() -> None:
    """Celery's own scheduler with its entries in memory: no schedule file, nothing to repair after a crash."""
    scheduler = Scheduler(app=app)
    while True:
        try:
            time.sleep(min(max(scheduler.tick(), 0.0), 5.0))
        except Exception:
            log.exception("The scheduler failed once and goes on.")
            time.sleep(5.0)
        finally:
            close_old_connections()
