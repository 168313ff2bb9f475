"""The Celery application with the queues `webhooks`, `files`, `outbound` and `default`."""

from __future__ import annotations

import os
from logging.config import dictConfig
from typing import TYPE_CHECKING, Any

from celery import Celery, Task
from celery.signals import setup_logging
from django.conf import settings

from releasehub.core.read_only import is_read_only
from releasehub.server import task_logs, task_runs
from releasehub.server.telemetry import start_in_workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")


if TYPE_CHECKING:
    AnyTask = Task[Any, Any]
else:
    AnyTask = Task  # Celery 5.6 has no generic tasks


class PausableTask(AnyTask):
    """A task that does nothing while the hub is read-only. The schedule finds its work later."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None if is_read_only() else super().__call__(*args, **kwargs)


app: Celery[AnyTask] = Celery("releasehub", task_cls=PausableTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["files.uploads"])  # a subpackage of the app `files` with its own tasks
task_runs.connect()
task_logs.connect()
start_in_workers()


@setup_logging.connect(dispatch_uid="celery")
def use_hub_logging(**_: Any) -> None:
    """Log as the web process does. Celery's own format has neither request ids nor a filter for secrets."""
    dictConfig(settings.LOGGING)
