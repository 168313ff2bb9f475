"""The delivery worker: it claims due deliveries, sends them concurrently, and records the results.

Each lane has a thread that sends the deliveries of one endpoint in order, so that an endpoint that hangs does not delay
others. Only the thread that calls `deliver_batch` uses the database. The other threads report to it through a queue.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count

from django.db import DatabaseError, InterfaceError, connection

from releasehub.core.database_errors import is_outage
from releasehub.webhooks import claims, results
from releasehub.webhooks.disabling import disable_gone
from releasehub.webhooks.lanes import AttemptOutcome, Lane
from releasehub.webhooks.limits import MAX_LANES_PER_WORKER
from releasehub.webhooks.outages import retry_during_outage
from releasehub.webhooks.sending import POLL_SECONDS, AttemptReport, LaneFinished, Report, Reports, run_lane

RENEW_SECONDS = 1.0


def deliver_batch(*, seconds: float = 30.0) -> int:
    """Send due deliveries until there are none, or until the time is over. Several workers can do this concurrently.

    If a lane is still running when the time is over, healthy endpoints get new lanes until it ends, so that an endpoint
    that hangs does not delay them. If this worker dies, its leases expire, and another worker sends the deliveries
    again with the same ids.

    Args:
        seconds: How long to claim new deliveries.

    Returns:
        The number of attempts.
    """
    with _DeliveryRun() as delivery_run:
        return delivery_run.run(time.monotonic() + seconds)


class _DeliveryRun:
    """The lanes of one call of `deliver_batch`. If it fails, each lane stops after its current request."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(MAX_LANES_PER_WORKER, thread_name_prefix="webhooks")
        self._reports: Reports = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._tokens: dict[int, str] = {}  # lane number -> lease token, for the running lanes
        self._numbers = count()
        self._renewed_at = time.monotonic()

    def __enter__(self) -> _DeliveryRun:
        return self

    def __exit__(self, *error: object) -> None:
        # Set the flag before the pool waits for its threads, or the lanes would continue to send unrecorded deliveries.
        self._is_over.set()
        self._pool.shutdown()

    def run(self, deadline: float) -> int:
        """Claim, wait for reports and record them, in turns. `deadline` is a time of `time.monotonic`."""
        # `is_free` is set when a lane has ended or nothing happens: only then can a claim find something new.
        attempts, is_free, last_in_time = 0, True, frozenset[int]()
        while True:
            is_late = time.monotonic() >= deadline
            has_room = is_free and len(self._tokens) < MAX_LANES_PER_WORKER
            if has_room and (not is_late or self._tokens.keys() & last_in_time):
                self._start_lanes(only_healthy=is_late)
            if not self._tokens:
                return attempts
            # Past the deadline, new lanes start only while a lane from before it still runs. Lanes that were started
            # late do not keep the batch open, so it ends when the last slow endpoint of its time has responded.
            if not is_late:
                last_in_time = frozenset(self._tokens)
            self._renew_leases()
            reports = _next_reports(self._reports)
            attempt_reports = [report for report in reports if isinstance(report, AttemptReport)]
            attempts += _record([report.outcome for report in attempt_reports])
            # Only now may the lanes send their next delivery: a crash before this point repeats what is not recorded.
            for report in attempt_reports:
                report.slot.release()
            ended = [report for report in reports if isinstance(report, LaneFinished)]
            for end in ended:
                # Without the release, these deliveries would wait until their lease expires.
                if end.unattempted:
                    retry_during_outage(partial(claims.release, end.token, end.unattempted))
                del self._tokens[end.number]
            is_free = bool(ended) or not reports

    def _start_lanes(self, *, only_healthy: bool) -> None:
        claimed_at = time.monotonic()
        for lane in self._claim(only_healthy=only_healthy):
            number = next(self._numbers)
            self._tokens[number] = lane.token
            self._pool.submit(run_lane, number, lane, claimed_at, self._reports, self._is_over)

    def _claim(self, *, only_healthy: bool) -> list[Lane]:
        with self._tolerate_outage():
            # The cheap query first. A claim locks rows, which an idle worker should not do several times a second.
            if claims.has_due_deliveries(only_healthy=only_healthy):
                return claims.claim(MAX_LANES_PER_WORKER - len(self._tokens), only_healthy=only_healthy)
        return []

    def _renew_leases(self) -> None:
        """Renew the leases of lanes that take long. Most lanes end before their leases expire."""
        now = time.monotonic()
        if now - self._renewed_at > RENEW_SECONDS:
            self._renewed_at = now
            with self._tolerate_outage():
                claims.renew(set(self._tokens.values()))

    @contextmanager
    def _tolerate_outage(self) -> Iterator[None]:
        """Ignore a database outage while lanes are running, because their outcomes still have to be recorded."""
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            if not is_outage(error) or connection.in_atomic_block or not self._tokens:
                raise
            connection.close()


def _next_reports(queued: Reports) -> list[Report]:
    """Return all waiting reports. If there are none, wait for a short time, so that new deliveries are noticed soon."""
    reports: list[Report] = []
    with suppress(queue.Empty):
        reports.append(queued.get(timeout=POLL_SECONDS))
        while True:
            reports.append(queued.get_nowait())
    return reports


def _record(outcomes: Sequence[AttemptOutcome]) -> int:
    if outcomes:
        retry_during_outage(partial(results.record, outcomes))
        for endpoint_id in {outcome.endpoint_id for outcome in outcomes if outcome.is_gone}:
            retry_during_outage(partial(disable_gone, endpoint_id))
    return len(outcomes)
