"""Asking a worker for something costs the asker no time to speak of, whatever the broker does."""

import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from releasehub.core import tasks
from releasehub.webhooks import tasks as webhook_tasks

pytestmark = pytest.mark.embedded

SCRIPT = """
import sys, django
django.setup()
from releasehub.core.tasks import hint
hint("webhooks.deliver")
waits = []
sys.addaudithook(lambda event, args: waits.append(event) if event in {"socket.connect", "time.sleep"} else None)
for _ in range(5):
    hint("webhooks.deliver")
print(waits)
"""

EMBEDDED = """
import threading, django
django.setup()
from celery.signals import worker_ready
from releasehub.server.embedded import start_worker
heard = threading.Event()
worker_ready.connect(lambda **_: heard.set(), weak=False)
start_worker()
print(heard.wait(30))
"""


def test_without_redis_a_hint_takes_no_time(tmp_path: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        "RELEASEHUB_DATA_DIR": str(tmp_path),
        "REDIS_URL": nowhere,
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count("socket.connect") <= 5  # no second try
    assert "time.sleep" not in done.stdout
    assert done.stderr.count("was not sent") == 6


def test_a_broker_that_hangs_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def send_task(name: str, **options: Any) -> None:
        asked.append(name)
        raise OperationalError

    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", send_task, raising=False)
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    tasks.hint("quick")
    tasks.hint("quick")
    monkeypatch.setattr(tasks, "SLOW_SECONDS", 0.0)
    tasks.hint("slow")
    tasks.hint("slow")
    assert asked == ["quick", "quick", "slow"]


def test_a_worker_that_starts_looks_for_deliveries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", lambda name, **_: asked.append(name))
    worker_ready.send(sender=None)
    assert asked == [webhook_tasks.deliver.name]


def test_the_embedded_worker_says_when_it_is_ready(tmp_path: Any) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        "RELEASEHUB_DATA_DIR": str(tmp_path),
        "REDIS_URL": "",
        "DATABASE_URL": "",
    }
    done = subprocess.run([sys.executable, "-c", EMBEDDED], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
