"""Worker and scheduler as threads of the one web process of `make run`, for hubs without Redis."""

import logging
import threading
import time

from celery.beat import Scheduler
from celery.signals import worker_ready
from django.db import close_old_connections

from releasehub.celery import app

log = logging.getLogger(__name__)
CONCURRENCY = 4


def start_worker() -> None:
    """Both threads end with the process; nothing is lost, because the database knows what is still to do."""
    worker = app.WorkController(
        pool="threads",
        concurrency=CONCURRENCY,
        queues="default,files,webhooks",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        hostname="embedded@localhost",
        ready_callback=lambda consumer: worker_ready.send(sender=consumer),
    )
    threading.Thread(target=worker.start, daemon=True, name="celery-worker").start()
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
