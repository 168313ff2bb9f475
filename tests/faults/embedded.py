"""The one process of `make run` is killed again and again: no acknowledged version is lost, none is told of in vain.

It is killed after a number of seconds, and not before it has acknowledged some versions since the last kill. So the run
makes progress on a machine of any speed.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from tests.faults.launcher import Launchers
from tests.faults.stage import Service, children_of, receiver
from tests.faults.verdicts import Fact, Report, judge_deliveries
from tests.services.processes import HOST, Child, ServiceError, free_ports, is_free, wait_until
from tests.services.run import make_folder, temporary_folder
from tests.services.servers import ROOT

STATIC_VARIABLE = "RELEASEHUB_STATIC_DIR"  # lets the hubs of a session of tests share their static files
THREADS = 4
VERSIONS_PER_KILL = 15
ORPHAN_PATIENCE_SECONDS = 30.0
TITLES = "SELECT 'version:' || id, number FROM versions_version ORDER BY id"
WAITING = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"


class Hub:
    """SQLite, one process. `url`: where it is served."""

    def __init__(self, folder: Path, launchers: Launchers) -> None:
        self._launchers = launchers
        self.folder, self.port = folder, free_ports(1)
        self.url = f"http://{HOST}:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "RELEASEHUB_DATA_DIR": str(folder / "data"),
            "RELEASEHUB_DEMO": "0",
            "RELEASEHUB_WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        }
        if STATIC_VARIABLE in os.environ:
            self.environment[STATIC_VARIABLE] = os.environ[STATIC_VARIABLE]
        self.service = Service(self._served)

    @contextmanager
    def _served(self) -> Iterator[Child]:
        command = (ROOT / "manage.py", "serve", "--port", self.port)
        log = self.folder / "hub.log"
        with self._launchers.of(self.environment).running("The hub", *command, log=log) as child:
            wait_until(partial(is_ready, self.url), child, seconds=90)
            yield child

    def run(self, *arguments: object) -> str:
        return self._launchers.of(self.environment).run(*arguments)

    def rows(self, sql: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.folder / "data" / "releasehub.sqlite3", timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    def waiting(self) -> int:
        return int(self.rows(WAITING)[0][0])

    def kill(self) -> int:
        """Send SIGKILL to the process that was started, and return how many of its own do not end with it.

        A process that looks ended keeps its port until its last thread returns from the disk.
        """
        below = children_of(self.service.child.process.pid)
        self.service.end(signal.SIGKILL)
        deadline = time.monotonic() + ORPHAN_PATIENCE_SECONDS
        alive = len(below)
        while (alive or not is_free(self.port)) and time.monotonic() < deadline:
            time.sleep(0.05)
            alive = sum(is_alive(pid) for pid in below)
        return alive


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A zombie, which waits for its parent, does not count."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/readyz", timeout=10) as answer:
            return bool(answer.read())
    except OSError:
        return False


def run(*, versions: int, every: float, seed: int, patience: float) -> Report:
    report = Report(f"`make run` is killed, seed {seed}")
    with temporary_folder() as folder, ExitStack() as stack:
        make_folder(folder / "data")
        port, log = free_ports(1), folder / "received.jsonl"
        stack.enter_context(receiver(folder, port, log))
        hub = Hub(folder, stack.enter_context(Launchers(make_folder(folder / "output"))))
        endpoint = f"http://{HOST}:{port}/a"
        key = hub.run("-m", "tests.faults.changes", "prepare", "--downloads", 8, "--endpoint", endpoint).split()[-1]
        hub.service.start()
        stack.callback(hub.service.end)
        client = Client(hub.url, key, seed)
        kills, orphans = publish(hub, client, versions, every, seed, patience)
        report.must("times the process was killed", kills, holds=kills > 0)
        report.must("of its workers that lived on", orphans, holds=orphans == 0)
        report.must("versions acknowledged", len(client.acknowledged), holds=len(client.acknowledged) >= versions)
        report.must("requests cut off by a kill", client.cut, holds=client.cut > 0)
        report.must("requests refused, whose change was rolled back", client.refused, holds=client.refused > 0)
        deadline = time.monotonic() + patience
        while hub.waiting() and time.monotonic() < deadline:
            time.sleep(0.2)
        report.must("deliveries that still wait", hub.waiting(), holds=hub.waiting() == 0)
        stored = hub.rows(TITLES)
        missing = client.acknowledged - {number for _, number in stored}
        report.must("acknowledged versions that are not stored", len(missing), holds=not missing)
        facts: list[Fact] = [(f"version.{verb}", about, "") for about, _ in stored for verb in ("created", "published")]
        received = [json.loads(line) | {"title": ""} for line in log.read_text().splitlines()]
        judge_deliveries(report, facts, received, ["/a"], kills)
    return report


class Client:
    """Publishes over HTTP, a number in ten a second time, which is refused."""

    def __init__(self, url: str, key: str, seed: int) -> None:
        self._url, self._key, self._seed = url, key, seed
        self._numbers = count(1)
        self.acknowledged: set[str] = set()
        self.cut = 0
        self.refused = 0
        self.is_over = threading.Event()

    def work(self, thread: int) -> None:
        chance = Random(f"{self._seed}-{thread}")
        while not self.is_over.is_set():
            number = f"1.{next(self._numbers)}.0"
            for _ in range(1 + (chance.random() < 0.1)):
                self._publish(1 + thread, number)

    def _publish(self, download_id: int, number: str) -> None:
        body = json.dumps({"download_id": download_id, "version_string": number}).encode()
        headers = {"Content-Type": "application/json", "XF-Api-Key": self._key}
        request = urllib.request.Request(f"{self._url}/api/mc-dm-versions/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
            self.acknowledged.add(number)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise ServiceError(f"{error.code}: {error.read()[:500]!r}") from error
            self.refused += 1
        except OSError:
            self.cut += 1
            time.sleep(0.1)


def publish(hub: Hub, client: Client, versions: int, every: float, seed: int, patience: float) -> tuple[int, int]:
    """Return how often the hub was killed, and how many of its processes survived."""
    chance, kills, orphans = Random(seed), 0, 0
    deadline = time.monotonic() + patience
    threads = [threading.Thread(target=client.work, args=(number,), daemon=True) for number in range(THREADS)]
    for one in threads:
        one.start()
    try:
        while len(client.acknowledged) < versions or not kills:
            if time.monotonic() > deadline or not all(one.is_alive() for one in threads):
                raise ServiceError(f"Only {len(client.acknowledged)} of {versions} versions were published.")
            goal = len(client.acknowledged) + VERSIONS_PER_KILL
            time.sleep(every * (0.5 + chance.random()))
            while len(client.acknowledged) < goal and threads[0].is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            orphans += hub.kill()
            kills += 1
            hub.service.start()
    finally:
        client.is_over.set()
        for one in threads:
            one.join(300)
    return kills, orphans
