"""Worker and scheduler as threads of the one web process of `make run`, for hubs without Redis."""

import logging
import threading
import time

from celery.beat import Scheduler
from celery.signals import worker_ready
from django.conf import settings
from django.db import close_old_connections

from releasehub.celery import app

log = logging.getLogger(__name__)


def start_worker() -> None:
    """Start the scheduler and a worker for each lane; all of them end with the process.

    Each lane has threads of its own, so slow receivers and slow hosts hold up neither the schedule nor the audit chain.
    Nothing is lost at the end, because the database knows what is still to do.
    """
    for queues, threads in settings.EMBEDDED_LANES.items():
        name = queues.partition(",")[0]
        worker = app.WorkController(
            pool="threads",
            concurrency=threads,
            queues=queues,
            prefetch_multiplier=1,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            hostname=f"{name}@localhost",
            ready_callback=lambda consumer: worker_ready.send(sender=consumer),
        )
        threading.Thread(target=worker.start, daemon=True, name=f"celery-{name}").start()
    threading.Thread(target=_schedule, daemon=True, name="celery-beat").start()


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
