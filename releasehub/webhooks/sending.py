"""Send the deliveries of a lane, in a thread that does not use the database and reports through a queue."""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from releasehub.outbound.failures import Refused, Unreachable
from releasehub.outbound.persistent_client import PersistentClient
from releasehub.outbound.responses import Response
from releasehub.webhooks import formats
from releasehub.webhooks.lanes import AttemptOutcome, ClaimedDelivery, Lane
from releasehub.webhooks.limits import MAX_UNRECORDED_PER_LANE
from releasehub.webhooks.models import Attempt

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 15.0
SLOW_SECONDS = 1.0  # a lane ends after a slower response
LANE_SECONDS = 5.0  # a lane starts no attempt after this time
POLL_SECONDS = 0.2
MAX_RESPONSE_BYTES = 4096


@dataclass(frozen=True)
class LaneFinished:
    """The last report of a lane. `unattempted` has the deliveries that were claimed but not attempted."""

    number: int
    token: str
    unattempted: tuple[int, ...]


@dataclass(frozen=True)
class AttemptReport:
    """The report of one attempt. The lane waits for `slot` before it continues, until the attempt is recorded.

    So few attempts are unrecorded at any time, and a crash repeats only those.
    """

    outcome: AttemptOutcome
    slot: threading.Semaphore


Report = AttemptReport | LaneFinished
Reports = queue.SimpleQueue[Report]


def run_lane(number: int, lane: Lane, claimed_at: float, reports: Reports, is_over: threading.Event) -> None:
    """Send the deliveries in order, until the endpoint proves to be slow or gone, or the time of the lane is over."""
    attempted, http_client, slot = 0, PersistentClient(), threading.Semaphore(MAX_UNRECORDED_PER_LANE)
    try:
        for delivery in lane.deliveries:
            # Wait until the previous result is recorded. The wait has a timeout, because the thread that records
            # results may have failed, and would then never release the slot.
            while not slot.acquire(timeout=POLL_SECONDS) and not is_over.is_set():
                pass
            if is_over.is_set() or time.monotonic() - claimed_at > LANE_SECONDS:
                return
            outcome = attempt(lane, delivery, http_client)
            attempted += 1
            reports.put(AttemptReport(outcome, slot))
            if outcome.is_gone or outcome.duration_ms > SLOW_SECONDS * 1000:
                return
            if not outcome.is_delivered:
                lane = replace(lane, is_failing=True)
    finally:
        http_client.close()
        reports.put(
            LaneFinished(number, lane.token, tuple(delivery.delivery_id for delivery in lane.deliveries[attempted:]))
        )


def attempt(lane: Lane, delivery: ClaimedDelivery, http_client: PersistentClient) -> AttemptOutcome:
    """Send one request, and return the outcome. It raises no errors."""
    started = time.monotonic()
    outcome = AttemptOutcome(
        delivery, lane.endpoint_id, lane.is_failing, lane.token, Attempt.Result.UNREACHABLE, timezone.now(), 0, {}
    )
    try:
        outcome = _exchange(lane, outcome, http_client)
    except Refused as error:
        outcome = replace(outcome, result=Attempt.Result.REFUSED, error=error.reason)
    except Unreachable as error:
        outcome = replace(outcome, error=error.reason)
    except Exception:
        log.exception("A delivery failed because of an internal error.")
        outcome = replace(outcome, error="The delivery failed because of an internal error of the hub.")
    return replace(outcome, duration_ms=round((time.monotonic() - started) * 1000))


def _exchange(lane: Lane, outcome: AttemptOutcome, http_client: PersistentClient) -> AttemptOutcome:
    delivery = outcome.delivery
    if not lane.keys:
        raise Refused("The secret of the endpoint cannot be decrypted. Rotate the secret.")
    authentication = lane.authentication
    if authentication is None:
        raise Refused("The authentication of the endpoint cannot be decrypted. Set it again.")
    headers = formats.headers_of(
        delivery.format,
        webhook_id=delivery.webhook_id,
        endpoint_id=lane.endpoint_id,
        keys=lane.keys,
        timestamp=int(outcome.started_at.timestamp()),
        body=delivery.body,
    )
    if delivery.request_id:
        headers["X-Request-Id"] = delivery.request_id
    logged_headers = headers | dict.fromkeys(authentication.header, formats.REDACTED)
    try:
        response = http_client.send(
            "POST",
            lane.url,
            headers=headers | authentication.header,
            body=delivery.body,
            read_limit=MAX_RESPONSE_BYTES,
            total_seconds=ATTEMPT_SECONDS,
            verify_tls=lane.verify_tls,
        )
    except Unreachable as error:
        return replace(outcome, headers=logged_headers, error=error.reason)
    secrets = [*lane.keys, *authentication.secrets]
    return _with_response(replace(outcome, headers=logged_headers), response, secrets)


def _with_response(outcome: AttemptOutcome, response: Response, secrets: Sequence[str]) -> AttemptOutcome:
    is_success = 200 <= response.status < 300
    return replace(
        outcome,
        result=Attempt.Result.DELIVERED if is_success else Attempt.Result.ANSWERED,
        status_code=response.status,
        error="" if is_success else f"The server responded with status {response.status}.",
        response=_text(response.body, secrets),
        retry_after=response.headers.get("Retry-After", ""),
    )


def _text(body: bytes, secrets: Sequence[str]) -> str:
    """Return the body as text that can be stored. Secrets that the receiver has echoed are removed."""
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    for secret in secrets:
        text = text.replace(secret, formats.REDACTED)
    return text
