"""No committed event is lost and none is added when workers, the broker or the database are killed.

Every few seconds a worker is killed, if one has run for long enough and enough has arrived since the last kill. So the
run makes progress on a machine of any speed: on a busy one, workers would otherwise spend their lives on starting.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import psycopg
import redis

from tests.faults.stage import Hub, hub
from tests.faults.verdicts import Report, judge_deliveries
from tests.services.processes import Child

ENDPOINTS = ("/a", "/b")
WRITERS = 2
THREADS = 4
FACTS = "SELECT event, object, title FROM faults_shadow ORDER BY id"
WAITING = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"
LEASED = "SELECT count(*) FROM webhooks_delivery WHERE lease_until > now()"
COMMITTED = "SELECT count(DISTINCT title) FROM faults_shadow"
TRIED_AND_FAILED = "SELECT count(*) FROM webhooks_attempt WHERE result <> 'delivered'"


def run(
    *, events: int, seed: int, workers: int, life: float, every: float, kills: int, flush: float, patience: float
) -> Report:
    """Run writers and workers while processes are killed.

    `events` is the number of committed transactions, each with one to three events. `patience` is the time in seconds
    until all events have to arrive.

    A worker has run for `life` seconds before it is killed; with four `workers` and the usual five one always has. At
    most about `kills` workers are killed.
    """
    report = Report(f"events while parts die, seed {seed}")
    with hub() as on:
        urls = [argument for path in ENDPOINTS for argument in ("--endpoint", on.receiver_url + path)]
        on.run("-m", "tests.faults.changes", "prepare", *urls)
        with on.celery(workers), writers(on, events, seed) as writing:
            faults = Faults(on, Random(seed), events, every, kills, flush, life)
            started = time.monotonic()
            while any(child.process.poll() is None for child in writing):
                faults.tick()
                time.sleep(0.2)
            report.say("seconds of writing", round(time.monotonic() - started, 1))
            drain(on, faults, patience)
            report.say("seconds until all had arrived", round(time.monotonic() - started, 1))
            faults.describe(report)
        left, leased = on.count(WAITING), on.count(LEASED)
        report.must("deliveries that still wait, leases that live", f"{left}, {leased}", holds=left == leased == 0)
        undone = (on.folder / "undone").read_text().splitlines()
        report.must("changes rolled back on purpose", len(undone), holds=bool(undone))
        report.say("attempts that failed", on.count(TRIED_AND_FAILED))
        committed = [(str(event), str(about), str(title)) for event, about, title in on.rows(FACTS)]
        judge_deliveries(report, committed, on.received(), ENDPOINTS, faults.deaths)
    return report


@contextmanager
def writers(on: Hub, total: int, seed: int, pause: float = 0.0) -> Iterator[list[Child]]:
    with ExitStack() as stack:
        children = []
        for number in range(1, WRITERS + 1):
            command = ("-m", "tests.faults.changes", "write", "--writer", number, "--seed", seed)
            command += ("--count", total // WRITERS, "--threads", THREADS, "--undone", on.folder / "undone")
            command += ("--pause", pause)
            children.append(stack.enter_context(on.spawned(f"writer{number}", *command)))
        yield children
        for child in children:
            if child.process.poll():
                child.ensure_alive()


def drain(on: Hub, faults: Faults, patience: float) -> None:
    """Wait until nothing is pending or leased. Workers are killed as long as much is pending."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        waiting, leased = on.count(WAITING), on.count(LEASED)
        if waiting == leased == 0:
            return
        if waiting > 1000:
            faults.tick()
        time.sleep(0.5)


class Faults:
    """A worker killed every few seconds, Redis emptied now and then, the database ended at once half way."""

    def __init__(
        self,
        on: Hub,
        chance: Random,
        total: int,
        kill_seconds: float,
        max_kills: int,
        flush_seconds: float,
        least_life: float,
    ) -> None:
        self._on, self._chance, self._half = on, chance, total // 2
        self._kill_seconds, self._flush_seconds = kill_seconds, flush_seconds
        self._killed_at = self._flushed_at = time.monotonic()
        self._least_life = least_life
        self._requests_per_kill = max(1, 3 * total // max_kills)  # a transaction makes 2.8 requests on average
        self._read_bytes = self._arrived = 0
        self.flushes = 0
        self.restarts = 0
        self.kills = 0

    def tick(self) -> None:
        now = time.monotonic()
        grown = [worker for worker in self._on.workers if worker.age() > self._least_life]
        self._count_requests()
        if grown and self._arrived >= self._requests_per_kill and now - self._killed_at > self._kill_seconds:
            self._killed_at, self._arrived = now, 0
            self._chance.choice(grown).kill(self._chance)
            self.kills += 1
        if now - self._flushed_at > self._flush_seconds:
            self._flushed_at = now
            with redis.Redis.from_url(self._on.environment["REDIS_URL"]) as client:
                self.flushes += bool(client.flushall())
        if not self.restarts and self._on.count(COMMITTED) > self._half:
            self._on.postgres.end(signal.SIGQUIT)
            try:
                self._on.rows("SELECT 1")
            except psycopg.OperationalError:
                self.restarts += 1
            self._on.postgres.start()

    def _count_requests(self) -> None:
        """Add the requests that have arrived since the last call."""
        with self._on.log.open("rb") as lines:
            lines.seek(self._read_bytes)
            read = lines.read()
        self._read_bytes += len(read)
        self._arrived += read.count(b"\n")

    @property
    def deaths(self) -> int:
        """Flushing Redis is not a fault, because everything it stored is in the database as well."""
        return self.kills + self.restarts

    def describe(self, report: Report) -> None:
        kills: dict[str, int] = {}
        for worker in self._on.workers:
            for whom, number in worker.kills.items():
                kills[whom] = kills.get(whom, 0) + number
        text = ", ".join(f"{whom} {number}" for whom, number in sorted(kills.items()))
        report.must("workers killed", f"{self.kills} ({text})", holds=0 < self.kills == sum(kills.values()))
        report.must("times Redis was emptied", self.flushes, holds=bool(self.flushes))
        report.must("immediate restarts of PostgreSQL", self.restarts, holds=self.restarts == 1)
