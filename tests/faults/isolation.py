"""One endpoint that hangs among healthy ones: how long after its commit an event reaches the others."""

from __future__ import annotations

import statistics
import time

from tests.faults.events import FACTS, LEASED, THREADS, WRITERS, writers
from tests.faults.stage import Hub, hub
from tests.faults.verdicts import Report, percentile

ENDPOINTS = 100
MAX_P99_SECONDS = 5.0
MAX_CONCURRENT = 2  # an endpoint has two lanes until its first failure, one from then on
HEALTHY_WAIT = """
SELECT count(*) FROM webhooks_delivery JOIN webhooks_endpoint ON webhooks_endpoint.id = endpoint_id
WHERE state = 'pending' AND url NOT LIKE '%%/hang%%' AND 1 = %s"""

GIVEN_UP = "SELECT count(*) FROM webhooks_attempt WHERE result = 'unreachable'"


def run(*, events: int, seed: int, pause: float, patience: float) -> Report:
    """Commit `events` transactions, in threads that wait `pause` seconds on average after each of them."""
    report = Report(f"one of {ENDPOINTS} endpoints hangs, seed {seed}")
    with hub() as on:
        prepare = ("prepare", "--downloads", ENDPOINTS, "--each", on.receiver_url)
        on.run("-m", "tests.faults.changes", *prepare)
        with on.celery(2):
            started = time.monotonic()
            with writers(on, events, seed, pause) as writing:
                for child in writing:
                    child.process.wait(patience)
            report.say("events a second", round(events / (time.monotonic() - started)))
            deadline = time.monotonic() + patience
            while (on.count(HEALTHY_WAIT, 1) or not on.count(GIVEN_UP)) and time.monotonic() < deadline:
                time.sleep(0.2)
            judge(report, on)
    return report


def judge(report: Report, on: Hub) -> None:
    committed = {
        (event, about, title): at for event, about, title, at in on.rows(FACTS.replace("title ", "title, at "))
    }
    first: dict[tuple[str, str, str], float] = {}
    for line in on.received():
        first.setdefault((line["type"], line["object"], line["title"]), line["at"])
    delays = [at - committed[fact] for fact, at in first.items() if fact in committed]
    left = on.count(HEALTHY_WAIT, 1)
    hanging, leased = on.asked("/hanging"), on.count(LEASED)
    tried = on.count(GIVEN_UP)
    report.must("events received by healthy endpoints", len(delays), holds=len(delays) > 100)
    report.must("events of healthy endpoints that still wait", left, holds=left == 0)
    report.must("of changes that did not commit", len(first) - len(delays), holds=len(first) == len(delays))
    report.must("attempts that hung until they were given up", tried, holds=tried > 0)
    report.must("most of them at one time", hanging, holds=0 < hanging <= MAX_CONCURRENT)
    report.say("leases that live, of the hanging endpoint", leased)
    report.say("seconds from commit to receipt, median", statistics.median(delays))
    p99 = percentile(delays, 0.99)
    report.must("99th percentile", p99, holds=p99 < MAX_P99_SECONDS)
    report.say("longest", max(delays))
    report.say("writers", f"{WRITERS} processes of {THREADS} threads")
