"""Comparison of the deliveries per second of two Celery workers with those of two baseline outbox workers.

Both sides start with the same number of rows of the same size, which become due at the same moment. A side is done when
no row is waiting any more.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from celery import Celery

from bench import processes
from bench.report import spread
from tests.faults.stage import Hub, hub
from tests.services.processes import ServiceError
from tests.services.servers import postgres_url

WEBHOOKS = "webhooks"
BUDGET, AIM = 0.25, 0.50
WORKERS = 2
EVENTS, DOWNLOADS, VERSIONS, ENDPOINTS_EACH = 2000, 5, 100, 4
DELIVERIES = EVENTS * ENDPOINTS_EACH
MAX_ROUND_SECONDS = 120.0

# The state before the first attempt: no request body has been rendered yet.
RESET = (
    "UPDATE webhooks_endpoint SET paused_at = now()",
    "TRUNCATE webhooks_attempt, webhooks_payload",
    "UPDATE webhooks_delivery SET state = 'pending', attempt_count = 0, step = 0, lease_until = NULL, lease_token = '',"
    " finished_at = NULL, next_attempt_at = now()",
    "VACUUM ANALYZE webhooks_delivery, webhooks_endpoint",
    "CHECKPOINT",
)
GO = "UPDATE webhooks_endpoint SET paused_at = NULL"
LEFT = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"
BASE_RESET = ("UPDATE outbox SET is_done = true, lease_until = NULL", "VACUUM ANALYZE outbox", "CHECKPOINT")
BASE_GO = "UPDATE outbox SET is_done = false, due_at = now()"
BASE_LEFT = "SELECT count(*) FROM outbox WHERE NOT is_done"


@dataclass(frozen=True)
class Side:
    """The result of one side. `cpu` is the CPU time of the workers and PostgreSQL in milliseconds per delivery."""

    per_second: float
    cpu: float


@dataclass
class Webhooks:
    """The results of both sides, round by round."""

    hub: list[Side] = field(default_factory=list)
    baseline: list[Side] = field(default_factory=list)

    def ratios(self) -> list[float]:
        return [ours.per_second / base.per_second for ours, base in zip(self.hub, self.baseline, strict=True)]

    def cpu_ratios(self) -> list[float]:
        return [ours.cpu / base.cpu for ours, base in zip(self.hub, self.baseline, strict=True)]


def measure(rounds: int) -> Webhooks:
    found = Webhooks()
    with hub(bare=True) as on, ExitStack() as stack:
        on.run("-m", "bench.webhook_events", DOWNLOADS, VERSIONS, EVENTS, ENDPOINTS_EACH, on.receiver_url)
        base_dsn = fill_baseline(on)
        stack.enter_context(on.celery(WORKERS, beat=False))
        pids = [stack.enter_context(outbox_worker(on, base_dsn, number)) for number in range(WORKERS)]
        ours = [worker.service.child.process.pid for worker in on.workers]
        broker = Celery(broker=on.environment["REDIS_URL"])
        time.sleep(5)  # wait until the workers of both sides have started

        def wake() -> None:
            for _ in range(WORKERS):
                broker.send_task("webhooks.deliver", queue="webhooks")

        wake()
        for number in range(-1, rounds):
            base = round_of(on, base_dsn, (BASE_RESET, BASE_GO, BASE_LEFT), pids, lambda: None)
            mine = round_of(on, on.database_url, (RESET, GO, LEFT), ours, wake)
            if number < 0:
                continue  # the first round only warms up both sides
            found.baseline.append(base)
            found.hub.append(mine)
            print(
                f"round {number + 1}  webhooks  hub {mine.per_second:.0f}/s {mine.cpu:.3f} ms  "
                f"bare {base.per_second:.0f}/s {base.cpu:.3f} ms  ratio {found.ratios()[-1]:.2f}",
                flush=True,
            )
        broker.close()
    return found


def round_of(
    on: Hub, dsn: str, statements: tuple[tuple[str, ...], str, str], pids: list[int], wake: Callable[[], None]
) -> Side:
    reset, go, left = statements
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in reset:
            connection.execute(statement)
        before, goal = cpu(on, pids), on.asked("/count") + DELIVERIES
        started = time.monotonic()
        connection.execute(go)
        wake()
        while on.asked("/count") < goal or scalar(connection, left):
            time.sleep(0.01)
            if time.monotonic() - started > MAX_ROUND_SECONDS:
                raise ServiceError(f"{scalar(connection, left)} deliveries were left after {MAX_ROUND_SECONDS:.0f} s.")
        seconds = time.monotonic() - started
    if (extra := on.asked("/count") - goal) > 0:
        raise ServiceError(f"{extra} deliveries were sent twice.")
    return Side(DELIVERIES / seconds, (cpu(on, pids) - before) * 1000 / DELIVERIES)


def cpu(on: Hub, pids: list[int]) -> float:
    return sum(processes.cpu_seconds(pid) for pid in (*pids, on.postgres.child.process.pid))


def scalar(connection: "psycopg.Connection[Any]", sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def fill_baseline(on: Hub) -> str:
    """Fill the outbox of the baseline with bodies that are as long as those of the hub."""
    folder = on.folder / "postgres"
    with psycopg.connect(postgres_url(folder, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE baseline")
    body = on.folder / "body.json"
    body.write_text(str(on.rows("SELECT data FROM webhooks_event ORDER BY id DESC LIMIT 1")[0][0]).ljust(1000))
    dsn = postgres_url(folder, "baseline")
    on.run("-m", "bench.baseline.outbox", "fill", dsn, on.receiver_url + "/0", DELIVERIES, body)
    return dsn


@contextmanager
def outbox_worker(on: Hub, dsn: str, number: int) -> Iterator[int]:
    with on.spawned(f"outbox{number}", "-m", "bench.baseline.outbox", "work", dsn) as child:
        yield child.process.pid


def webhook_table(found: Webhooks) -> str:
    lines = [f"webhooks, {DELIVERIES:,} deliveries a round, {WORKERS} workers", ""]
    for name, sides in (("hub", found.hub), ("bare", found.baseline)):
        speeds, costs = [side.per_second for side in sides], [side.cpu for side in sides]
        lines.append(f"  {name:<9} deliveries/s {spread(speeds):<28} CPU ms {spread(costs)}")
    lines.append(f"  ratio     {spread(found.ratios())}   CPU {spread(found.cpu_ratios())}   "
                 f"budget {BUDGET:.2f}, aim {AIM:.2f}")  # fmt: skip
    return "\n".join(lines)
