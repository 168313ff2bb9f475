"""Tests that a hint to a worker never delays its sender, whatever state the broker is in."""

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
from celery import shared_task
from celery.signals import task_received, worker_ready
from releasehub.server.embedded import start_worker
is_ready, ending, received = threading.Event(), threading.Event(), threading.Semaphore(0)
@shared_task(name="files.wait")
def wait():
    ending.wait(300)
worker_ready.connect(lambda **_: is_ready.set(), weak=False)
task_received.connect(lambda request, **_: request.name == wait.name and received.release(), weak=False)
start_worker()
print(is_ready.wait(300))
for _ in range(7):  # more than the lane has threads
    wait.delay()
print(all(received.acquire(timeout=20) for _ in range(7)))
ending.set()
"""


def test_hint_without_redis_neither_retries_nor_sleeps(tmp_path: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        unused_url = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        "RELEASEHUB_DATA_DIR": str(tmp_path),
        "REDIS_URL": unused_url,
    }
    result = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.count("socket.connect") <= 5  # no retries
    assert "time.sleep" not in result.stdout
    assert result.stderr.count("was not sent") == 6


def test_no_hints_are_sent_for_a_while_after_a_slow_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def send_task(name: str, **options: Any) -> None:
        sent.append(name)
        raise OperationalError

    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", send_task, raising=False)
    monkeypatch.setattr(tasks, "_paused_until", 0.0)
    tasks.hint("quick")
    tasks.hint("quick")
    monkeypatch.setattr(tasks, "SLOW_BROKER_SECONDS", 0.0)
    tasks.hint("slow")
    tasks.hint("slow")
    assert sent == ["quick", "quick", "slow"]


def test_starting_worker_looks_for_deliveries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", lambda name, **_: sent.append(name))
    worker_ready.send(sender=None)
    assert sent == [webhook_tasks.deliver.name]


def test_embedded_worker_is_ready_and_receives_tasks_while_all_threads_work(tmp_path: Any) -> None:
    """A lane that takes no task until another one is acknowledged waits up to two seconds for each of them."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        "RELEASEHUB_DATA_DIR": str(tmp_path),
        "REDIS_URL": "",
        "DATABASE_URL": "",
    }
    result = subprocess.run(
        [sys.executable, "-c", EMBEDDED], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "True\nTrue\n"
