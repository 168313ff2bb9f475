"""Load what each Celery worker of a fault run loads when it starts: the commands of Celery, and all tasks."""

import celery.apps.beat
import celery.apps.worker
import celery.bin.celery
import celery.concurrency.prefork
import celery.worker.consumer  # noqa: F401
import kombu.transport.redis  # noqa: F401

from releasehub.server.celery import app

app.loader.import_default_modules()
