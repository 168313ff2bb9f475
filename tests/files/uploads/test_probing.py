"""A host that hangs blocks at most two probes of a process."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from files.models import File
from files.uploads import probing, tasks
from files.uploads.probing import HostLanes
from releasehub.server.celery import app
from tests.factories import make_file

SECONDS = 20


class HangingHost:
    """Work that does not return before `answer` is set."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.started = threading.Semaphore(0)
        self.asked: list[int] = []

    def __call__(self, item: int) -> None:
        self.asked.append(item)
        self.started.release()
        assert self.answer.wait(SECONDS)


@pytest.fixture
def slow() -> Iterator[HangingHost]:
    host = HangingHost()
    yield host
    host.answer.set()


@pytest.fixture
def threads(slow: HangingHost) -> Iterator[ThreadPoolExecutor]:
    """The host answers before the pool waits for its threads."""
    with ThreadPoolExecutor(4) as pool:
        yield pool
        slow.answer.set()


def fill(lanes: HostLanes, slow: HangingHost, threads: ThreadPoolExecutor) -> list[Future[int]]:
    running = [threads.submit(lanes.run, "slow.example", item, slow) for item in (1, 2)]
    assert slow.started.acquire(timeout=SECONDS)
    assert slow.started.acquire(timeout=SECONDS)
    return running


def test_hanging_host_uses_at_most_two_threads(slow: HangingHost, threads: ThreadPoolExecutor) -> None:
    lanes = HostLanes(2)
    fill(lanes, slow, threads)
    assert lanes.run("slow.example", 3, slow) == 0
    assert sorted(slow.asked) == [1, 2]


def test_other_hosts_are_probed_while_one_hangs(slow: HangingHost, threads: ThreadPoolExecutor) -> None:
    lanes = HostLanes(2)
    fill(lanes, slow, threads)
    done: list[int] = []
    assert lanes.run("quick.example", 4, done.append) == 1
    assert done == [4]


def test_skipped_probes_are_done_by_the_busy_threads(slow: HangingHost, threads: ThreadPoolExecutor) -> None:
    lanes = HostLanes(2)
    running = fill(lanes, slow, threads)
    for item in (3, 4, 4):
        lanes.run("slow.example", item, slow)
    slow.answer.set()
    assert sum(future.result(SECONDS) for future in running) == 4
    assert sorted(slow.asked) == [1, 2, 3, 4]


def test_failed_probe_releases_its_slot() -> None:
    lanes = HostLanes(1)
    with pytest.raises(ZeroDivisionError):
        lanes.run("host.example", 1, lambda item: item / 0)
    assert lanes.run("host.example", 2, lambda item: None) == 1


@pytest.mark.django_db
def test_sweep_does_not_probe_links(monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file()
    File.objects.update(validation_status="pending", blob=None, external_url="https://slow.example/x.zip")
    hints: list[Any] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: hints.append((name, *args)))
    monkeypatch.setattr(probing, "probe_link", lambda item: pytest.fail("The sweep must not connect to a host."))
    File.objects.update(updated_at="2026-01-01T00:00:00Z")
    tasks.sweep_uploads()
    assert hints == [("files.probe_link", file.pk)]


def test_tasks_that_connect_to_foreign_servers_share_no_queue_with_the_schedule() -> None:
    app.loader.import_default_modules()
    repeated_mails = {"mail.accounts", "mail.invitations"}
    outbound = {
        "files.probe_link",
        "audit.ship_sink",
        "importing.run",
        "mail.endpoint_notices",
        "mail.watch_notices",
        *repeated_mails,
    }
    queues = {
        name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks if not name.startswith("celery.")
    }
    assert {name for name, queue in queues.items() if queue == "outbound"} == outbound
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    # E-mail that is tried again on a schedule waits behind slow hosts itself, and delays no other scheduled task.
    assert scheduled & outbound == repeated_mails
