"""While Redis is down, pages and publishing work, and pending deliveries are sent soon after it returns.

Redis ends while a worker runs a task and has room for more: it has a message that it can no longer acknowledge, and
a connection on which it waits for the next one.
"""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.faults.events import WAITING
from tests.faults.stage import Hub, hub
from tests.faults.verdicts import Fact, Report, judge_deliveries
from tests.services.processes import HOST, free_ports, wait_until

REQUEST_SECONDS = 120.0  # a request that takes longer has failed
PAGES = (
    "/",
    "/downloads/download-0.1/",
    "/downloads/download-0.1/about/statistics/",
    "/api/mc-dm-downloads/",
    "/healthz",
)
AFTER_SECONDS = 2.0
PATHS = ("/a", "/slow")  # of the receiver


class Visitor:
    """Reads and publishes over HTTP, and remembers what was answered."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self.facts: list[Fact] = []
        self.failed: list[str] = []
        self.slowest = 0.0
        self.pages = 0

    def visit(self, seconds: float) -> None:
        """Read all pages and publish a version, and do so again until the time has passed."""
        ends = time.monotonic() + seconds
        while True:
            for page in PAGES:
                self.pages += self._ask(page) is not None
            number = f"1.{len(self.facts)}.0"
            answer = self._ask("/api/mc-dm-versions/", {"download_id": 1, "version_string": number})
            if answer is not None:
                version_id = json.loads(answer)["version"]["version_id"]
                self.facts += [(f"version.{verb}", f"version:{version_id}", "") for verb in ("created", "published")]
            if time.monotonic() >= ends:
                return
            time.sleep(0.1)

    def _ask(self, path: str, body: dict[str, object] | None = None) -> bytes | None:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "XF-Api-Key": self._key} if body else {}
        request = urllib.request.Request(self._url + path, data, headers)
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, TimeoutError) as error:
            text = error.read().decode()[:200] if isinstance(error, urllib.error.HTTPError) else ""
            self.failed.append(f"{path}: {error} {text}")
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - started)


def run(*, away: float, slowest: float, catch_up: float, seed: int, patience: float) -> Report:
    report = Report(f"Redis is away for {away:.0f} s, seed {seed}")
    with hub() as on:
        endpoints = [part for path in PATHS for part in ("--endpoint", on.receiver_url + path)]
        key = on.run("-m", "tests.faults.changes", "prepare", "--downloads", 1, *endpoints).split()[-1]
        on.run("manage.py", "collectstatic", "--noinput", "-v0")
        with ExitStack() as stack:
            visitor = Visitor(stack.enter_context(web(on)), key)
            visitor.visit(0)
            report.must("published before", len(visitor.facts) // 2, holds=bool(visitor.facts))
            stack.enter_context(on.celery(2))
            waiting_since = time.monotonic()
            while not on.asked("/hanging") and time.monotonic() < waiting_since + patience:
                time.sleep(0.05)
            on.redis.end(signal.SIGKILL)
            before, pages = len(visitor.facts), visitor.pages
            visitor.visit(away)
            report.must("pages read without Redis", visitor.pages - pages, holds=visitor.pages > pages)
            report.must(
                "published without Redis", (len(visitor.facts) - before) // 2, holds=len(visitor.facts) > before
            )
            report.must("slowest answer, seconds", visitor.slowest, holds=visitor.slowest < slowest)
            waiting = on.count(WAITING)
            report.say("deliveries that waited", waiting)
            on.redis.start()
            came_back = time.monotonic()
            while on.count(WAITING) and time.monotonic() < came_back + patience:
                time.sleep(0.1)
            seconds = time.monotonic() - came_back
            report.must("seconds until all was sent", seconds, holds=seconds < catch_up)
            visitor.visit(AFTER_SECONDS)
            while on.count(WAITING) and time.monotonic() < came_back + patience:
                time.sleep(0.1)
            on.redis_command("replicaof", HOST, "1")
            visitor.visit(AFTER_SECONDS)
            on.redis_command("replicaof", "no", "one")
            while on.count(WAITING) and time.monotonic() < came_back + patience:
                time.sleep(0.1)
            report.must("deliveries that wait after a failover", waiting := on.count(WAITING), holds=not waiting)
            children = [worker.service.child for worker in on.workers]
            ended = [child.name for child in children if child.process.poll() is not None]
            report.must("workers that ended", ended or 0, holds=not ended)
        failures = f"{len(visitor.failed)} {visitor.failed[:2]}" if visitor.failed else 0
        report.must("requests that failed", failures, holds=not visitor.failed)
        received = [line | {"title": ""} for line in on.received()]
        judge_deliveries(report, visitor.facts, received, list(PATHS))
    return report


@contextmanager
def web(on: Hub) -> Iterator[str]:
    port = free_ports(1)
    command = ("-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error", "--host", HOST)
    command += ("--port", str(port), "--workers", "2", "--blocking-threads", "2", "releasehub.server.wsgi:application")
    with on.spawned("web", *command) as child:
        url = f"http://{HOST}:{port}"
        wait_until(partial(answers, url), child, seconds=60)
        yield url


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/healthz", timeout=5) as answer:
            return bool(answer.read())
    except OSError:
        return False
