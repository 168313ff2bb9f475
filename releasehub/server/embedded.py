"""Worker and scheduler as threads of the single web process of `make run`, for hubs without Redis."""

import logging
import threading
import time
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from django.db import close_old_connections

from releasehub.server.celery import app
from releasehub.server.schedule import HubScheduler

log = logging.getLogger(__name__)
# Celery logs several lines for each task. They would push the password of the first start out of the terminal.
ROUTINE_LOGGERS = ("celery.app.trace", "celery.beat", "celery.worker.consumer.connection", "celery.worker.strategy")


def start_worker() -> None:
    """Start the scheduler and a worker for each lane; all of them end with the process.

    Each lane has its own threads, so slow webhook receivers and slow hosts delay neither the schedule nor the audit
    chain. Nothing is lost when the process ends, because all pending work is recorded in the database.
    """
    for name in ROUTINE_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    threading.Thread(target=_start_lanes, daemon=True, name="celery-start").start()


def _start_lanes() -> None:
    """Start the lanes one after the other.

    Celery stores the queues of the worker that is starting in the shared application object, so two workers that start
    at the same time would overwrite each other's queues.
    """
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
        # No limit: the queues are in this process anyway. With a limit, Celery acknowledges a finished task, and takes
        # the next one, only when it stops waiting for messages, which it does every two seconds.
        prefetch_multiplier=0,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        hostname=f"{name}@localhost",
        ready_callback=announce,
    )
    threading.Thread(target=worker.start, daemon=True, name=f"celery-{name}").start()
    is_ready.wait()


def _schedule() -> None:
    """Run the scheduler until the process ends."""
    scheduler = HubScheduler(app=app)
    while True:
        try:
            time.sleep(min(max(scheduler.tick(), 0.0), 5.0))
        except Exception:
            log.exception("A run of the scheduler failed. The next run is in five seconds.")
            time.sleep(5.0)
        finally:
            close_old_connections()
