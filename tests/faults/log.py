"""Every committed change is in the audit log once, and none that was rolled back, though the writers are killed."""

from __future__ import annotations

import signal
import time
from collections import Counter
from functools import partial
from itertools import count
from random import Random

from tests.faults.events import COMMITTED, FACTS, THREADS, WRITERS
from tests.faults.stage import Hub, Service, hub
from tests.faults.verdicts import Report, same_counts
from tests.services.processes import ServiceError

SHADOW = "SELECT action, target_id FROM faults_shadow WHERE action <> ''"
LOG = "SELECT action, target_id FROM audit_auditentry WHERE id > %s"
EVENTS = "SELECT type, object_type || ':' || object_id, data ->> 'title' FROM webhooks_event WHERE id > %s"
UNDONE = "SELECT count(*) FROM audit_auditentry WHERE changes::text LIKE '%%-undone%%' AND 1 = %s"
CHAIN = ("-m", "tests.faults.changes", "chain")


def run(*, operations: int, every: float, kills: int, seed: int, patience: float) -> Report:
    """Commit `operations` transactions, in eight threads of two processes. At most about `kills` of them are killed."""
    report = Report(f"the audit log under faults, seed {seed}")
    with hub() as on:
        on.run("-m", "tests.faults.changes", "prepare", "--endpoint", on.receiver_url + "/a")
        entries = on.count("SELECT max(id) FROM audit_auditentry")
        events = on.count("SELECT max(id) FROM webhooks_event")
        with on.celery(1):
            killed = write(on, operations, every, kills, seed, patience)
        report.must("writers killed", killed, holds=killed > 0)
        undone = len((on.folder / "undone").read_text().splitlines())
        report.must("transactions rolled back on purpose", undone, holds=undone > 0)
        done = on.count(COMMITTED)
        report.must("transactions committed", done, holds=done >= operations)
        report.must("threads", WRITERS * THREADS, holds=WRITERS * THREADS == 8)
        shadow, log = Counter(on.rows(SHADOW)), Counter(on.rows(LOG, entries))
        report.must("audit rows", log.total(), holds=bool(log))
        same_counts(report, "audit rows", shadow, log)
        in_log = on.count(UNDONE, 1)
        report.must("audit rows of what was rolled back", in_log, holds=in_log == 0)
        same_counts(report, "events", Counter(on.rows(FACTS)), Counter(on.rows(EVENTS, events)))
        on.run(*CHAIN)
        said = on.run("manage.py", "verify_audit").splitlines()[0]
        report.must("the chain", said, holds=said.startswith(f"{log.total() + entries} rows") and ", 0 wait" in said)
    return report


def write(on: Hub, total: int, every: float, max_kills: int, seed: int, patience: float) -> int:
    """Return how many writers were killed. Each start is a new writer, so that no title is used twice."""
    numbers, chance, kills, done_before = count(1), Random(seed), 0, 0
    deadline = time.monotonic() + patience

    def writer() -> Service:
        number = next(numbers)
        command = ("-m", "tests.faults.changes", "write", "--writer", number, "--seed", seed)
        command += ("--count", total * 2, "--threads", THREADS, "--undone", on.folder / "undone")
        return Service(partial(on.spawned, f"writer{number}", *command))

    running = [writer() for _ in range(WRITERS)]
    try:
        for one in running:
            one.start()
        while (done := on.count(COMMITTED)) < total:
            if time.monotonic() > deadline:
                raise ServiceError(f"Only {done} of {total} operations after {patience:.0f} s.")
            time.sleep(every * (0.5 + chance.random()))
            # On a busy machine, writers would otherwise spend their lives on starting.
            if kills and done < done_before + total // max_kills:
                continue
            done_before = done
            place = chance.randrange(WRITERS)
            running[place].child.ensure_alive()
            running[place].end(signal.SIGKILL)
            kills += 1
            running[place] = writer()
            running[place].start()
    finally:
        for one in running:
            one.end(signal.SIGKILL)
    return kills
