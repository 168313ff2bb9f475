"""The worker: claim, send side by side, note what came of it, for as long as something is due.

Only the thread that calls `deliver_batch` talks to the database. Each lane is a thread that sends the deliveries of one
endpoint in order, so that an endpoint that hangs holds up nobody else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from releasehub.outbound import client
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.webhooks import claims, formats
from releasehub.webhooks.claims import Lane, Outcome, Parcel
from releasehub.webhooks.endpoints import disable_gone
from releasehub.webhooks.limits import MAX_LANES_PER_WORKER, MAX_UNNOTED_PER_LANE
from releasehub.webhooks.models import Attempt

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 15.0
SLOW_SECONDS = 1.0
LANE_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.2
RENEW_SECONDS = 1.0
DATABASE_SECONDS = 30.0
RESPONSE_BYTES = 4096


@dataclass(frozen=True)
class LaneEnd:
    """A lane's last word: these were claimed and not tried."""

    number: int
    token: str
    untried: tuple[int, ...]


@dataclass(frozen=True)
class Sent:
    """What came of one request. `room`: the lane goes on when it is noted, so that a crash repeats only few."""

    outcome: Outcome
    room: threading.Semaphore


Report = Sent | LaneEnd
Reports = queue.SimpleQueue[Report]


def deliver_batch(*, seconds: float = 30.0, max_lanes: int = MAX_LANES_PER_WORKER) -> int:
    """Send until nothing is due, and take new work for `seconds`; returns the number of attempts. Safe in many workers.

    Should a lane still run then, healthy endpoints are served until it ends: one that hangs holds up nobody.
    A worker that dies in between leaves leases that run out; its deliveries are then sent again under the same id.
    """
    with _Round(max_lanes) as round_:
        return round_.run(time.monotonic() + seconds)


class _Round:
    """The lanes of one call, and what is heard of them. When it ends early they stop after the request they make."""

    def __init__(self, max_lanes: int) -> None:
        self._max_lanes = max_lanes
        self._pool = ThreadPoolExecutor(max_lanes, thread_name_prefix="webhooks")
        self._reports: Reports = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._tokens: dict[int, str] = {}  # of the running lanes
        self._numbers = count()
        self._renewed_at = time.monotonic()

    def __enter__(self) -> _Round:
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._pool.shutdown()

    def run(self, ends: float) -> int:
        attempts, is_free, last = 0, True, frozenset[int]()
        while True:
            is_late = time.monotonic() >= ends
            if is_free and len(self._tokens) < self._max_lanes and (not is_late or self._tokens.keys() & last):
                self._start_lanes(only_healthy=is_late)
            if not self._tokens:
                return attempts
            if not is_late:
                last = frozenset(self._tokens)
            self._renew_leases()
            heard = _hear(self._reports)
            sent = [report for report in heard if isinstance(report, Sent)]
            attempts += _note([report.outcome for report in sent])
            for report in sent:
                report.room.release()
            ended = [report for report in heard if isinstance(report, LaneEnd)]
            for end in ended:
                if end.untried:
                    _surely(partial(claims.release, end.token, end.untried))
                del self._tokens[end.number]
            is_free = bool(ended) or not heard

    def _start_lanes(self, *, only_healthy: bool) -> None:
        claimed_at = time.monotonic()
        for lane in self._claimed(only_healthy=only_healthy):
            number = next(self._numbers)
            self._tokens[number] = lane.token
            self._pool.submit(_run_lane, number, lane, claimed_at, self._reports, self._is_over)

    def _claimed(self, *, only_healthy: bool) -> list[Lane]:
        with self._database_may_go():
            if claims.is_anything_due(only_healthy=only_healthy):
                return claims.claim(self._max_lanes - len(self._tokens), only_healthy=only_healthy)
        return []

    def _renew_leases(self) -> None:
        """Of lanes that take long; most are through before."""
        now = time.monotonic()
        if now - self._renewed_at > RENEW_SECONDS:
            self._renewed_at = now
            with self._database_may_go():
                claims.renew(set(self._tokens.values()))

    @contextmanager
    def _database_may_go(self) -> Iterator[None]:
        """As long as lanes run, whose outcomes are still to be written."""
        try:
            yield
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or not self._tokens:
                raise
            connection.close()


def _hear(reports: Reports) -> list[Report]:
    """All that was reported by now; nothing when it stays quiet, so that the caller looks for new work."""
    heard: list[Report] = []
    with suppress(queue.Empty):
        heard.append(reports.get(timeout=LOOK_AGAIN_SECONDS))
        while True:
            heard.append(reports.get_nowait())
    return heard


def _note(outcomes: Sequence[Outcome]) -> int:
    if outcomes:
        _surely(partial(claims.record, outcomes))
        for endpoint_id in {outcome.endpoint_id for outcome in outcomes if outcome.is_gone}:
            _surely(partial(disable_gone, endpoint_id))
    return len(outcomes)


def _surely(write: Callable[[], object]) -> None:
    """Write what happened though the database goes away and comes back, for as long as the leases are surely ours.

    Without it all that was sent in that moment would be sent again.
    """
    ends = time.monotonic() + DATABASE_SECONDS
    while True:
        try:
            write()
            return
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > ends:
                raise
            connection.close()
            time.sleep(LOOK_AGAIN_SECONDS)


# --- in a lane's thread -----------------------------------------------------------------------------------------------


def _run_lane(number: int, lane: Lane, claimed_at: float, reports: Reports, is_over: threading.Event) -> None:
    """Send one after the other, until the endpoint proves slow or gone, or the lane's time is over."""
    tried, caller, room = 0, client.PersistentClient(), threading.Semaphore(MAX_UNNOTED_PER_LANE)
    try:
        for parcel in lane.parcels:
            while not room.acquire(timeout=LOOK_AGAIN_SECONDS) and not is_over.is_set():
                pass
            if is_over.is_set() or time.monotonic() - claimed_at > LANE_SECONDS:
                return
            outcome = attempt(lane, parcel, caller)
            tried += 1
            reports.put(Sent(outcome, room))
            if outcome.is_gone or outcome.duration_ms > SLOW_SECONDS * 1000:
                return
            if not outcome.is_delivered:
                lane = replace(lane, is_failing=True)
    finally:
        caller.close()
        reports.put(LaneEnd(number, lane.token, tuple(parcel.delivery_id for parcel in lane.parcels[tried:])))


def attempt(lane: Lane, parcel: Parcel, caller: client.PersistentClient) -> Outcome:
    """One request. Every trouble is an outcome."""
    started = time.monotonic()
    outcome = Outcome(
        parcel, lane.endpoint_id, lane.is_failing, lane.token, Attempt.Result.UNREACHABLE, timezone.now(), 0, {}
    )
    try:
        outcome = _exchange(lane, outcome, caller)
    except Refused as error:
        outcome = replace(outcome, result=Attempt.Result.REFUSED, error=error.reason)
    except Unreachable as error:
        outcome = replace(outcome, error=error.reason)
    except Exception:
        log.exception("A delivery failed inside the hub.")
        outcome = replace(outcome, error="The delivery failed inside the hub.")
    return replace(outcome, duration_ms=round((time.monotonic() - started) * 1000))


def _exchange(lane: Lane, outcome: Outcome, caller: client.PersistentClient) -> Outcome:
    """Errors: Refused; Unreachable."""
    parcel = outcome.parcel
    if not lane.keys:
        raise Refused("The secret of the endpoint cannot be read. Rotate it.")
    headers = formats.headers_of(
        parcel.format,
        webhook_id=parcel.webhook_id,
        endpoint_id=lane.endpoint_id,
        keys=lane.keys,
        timestamp=int(outcome.started_at.timestamp()),
        body=parcel.body,
    )
    try:
        answer = caller.send(
            "POST",
            lane.url,
            headers=headers,
            body=parcel.body,
            read_limit=RESPONSE_BYTES,
            total_seconds=ATTEMPT_SECONDS,
            verify_tls=lane.verify_tls,
        )
    except Unreachable as error:
        return replace(outcome, headers=headers, error=error.reason)
    is_success = 200 <= answer.status < 300
    return replace(
        outcome,
        headers=headers,
        result=Attempt.Result.DELIVERED if is_success else Attempt.Result.ANSWERED,
        status_code=answer.status,
        error="" if is_success else f"The server answered {answer.status}.",
        response=_text(answer.body, lane.keys),
        retry_after=answer.headers.get("Retry-After", ""),
    )


def _text(body: bytes, keys: Sequence[str]) -> str:
    """As it can be stored, and without the secrets a receiver echoes."""
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    for key in keys:
        text = text.replace(key, formats.HIDDEN)
    return text
