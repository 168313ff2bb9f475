"""The Celery application with the queues `webhooks`, `files`, `outbound` and `default`."""

import os

from celery import Celery

from releasehub.core import taskruns

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")

app = Celery("releasehub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["files.uploads"])  # a subpackage of the app `files` with its own tasks
taskruns.connect()
