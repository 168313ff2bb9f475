"""Claims: which deliveries a worker may send next, and how it records the results.

A claim takes due deliveries of an endpoint as a *lane* and leases them to the worker. An endpoint has at most
LANES_PER_ENDPOINT lanes in all workers together. All times come from the clock of the database.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import DatabaseError, models, transaction
from django.db.models import Case, Exists, F, OuterRef, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from releasehub.core import encryption
from releasehub.core.leases import is_unleased
from releasehub.core.sql_templates import insert_all
from releasehub.webhooks import clock, formats
from releasehub.webhooks.limits import LANES_PER_ENDPOINT
from releasehub.webhooks.models import Attempt, Delivery, Endpoint, Event, Payload
from releasehub.webhooks.policies import creator_can_manage
from releasehub.webhooks.schedule import delay_after

log = logging.getLogger(__name__)

LEASE_DURATION = timedelta(seconds=4)
MAX_LANE_DELIVERIES = 50
MAX_CANDIDATES = 200
GONE_STATUS = 410


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery in a lane, ready to be signed and sent. `number` is the number of the attempt."""

    delivery_id: int
    webhook_id: str
    format: str
    number: int
    step: int
    body: bytes


@dataclass(frozen=True)
class Lane:
    """Deliveries of one endpoint that one thread sends in order, under one lease.

    Attributes:
        endpoint_id: The endpoint.
        is_failing: Whether the last attempt had failed when the lane was claimed.
        url: The URL of the endpoint.
        verify_tls: Whether the TLS certificate has to be valid.
        keys: The decrypted secrets, the newest first. It is empty if they cannot be decrypted.
        token: The token of the lease.
        deliveries: The deliveries in order.
    """

    endpoint_id: int
    is_failing: bool
    url: str
    verify_tls: bool
    keys: tuple[str, ...]
    token: str
    deliveries: tuple[ClaimedDelivery, ...]


@dataclass(frozen=True)
class AttemptOutcome:
    """The result of one attempt. `retry_after` is the unparsed header of the response."""

    delivery: ClaimedDelivery
    endpoint_id: int
    was_failing: bool
    token: str
    result: Attempt.Result
    started_at: datetime
    duration_ms: int
    headers: Mapping[str, str]
    status_code: int | None = None
    error: str = ""
    response: str = ""
    retry_after: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.result == Attempt.Result.DELIVERED

    @property
    def is_gone(self) -> bool:
        return self.status_code == GONE_STATUS


# --- claim ------------------------------------------------------------------------------------------------------------


def has_due_deliveries(*, only_healthy: bool = False) -> bool:
    """Return whether there may be something to claim. This takes one query and no locks.

    It does not check the rights of the creators, which `claim` does. Workers run this query all the time, and building
    that condition takes Django longer than everything else.
    """
    return _endpoints_with_due_deliveries(only_healthy).exists()


def claim(max_lanes: int, *, only_healthy: bool = False) -> list[Lane]:
    """Claim due deliveries, and lease them to this worker.

    Args:
        max_lanes: The maximum number of lanes. Each endpoint gets at most one of them.
        only_healthy: Whether to skip endpoints whose last attempt failed.

    Returns:
        The claimed lanes.
    """
    token = uuid4().hex
    # On PostgreSQL, endpoints that another worker is claiming for are locked, and skipped here. SQLite has a single
    # writer, so claims run one after the other.
    with transaction.atomic():
        endpoints = _claim_endpoints(max_lanes, only_healthy)
        delivery_ids = _choose(endpoints)
        ids = [pk for rows in delivery_ids.values() for pk in rows]
        Delivery.objects.filter(pk__in=ids).update(lease_until=clock.now(LEASE_DURATION), lease_token=token)
    if not ids:
        return []
    claimed = _load_deliveries(ids, token)
    keys = {endpoint.pk: _keys(endpoint) for endpoint in endpoints}
    return [
        Lane(
            endpoint.pk,
            endpoint.failing_since is not None,
            endpoint.url,
            endpoint.verify_tls,
            keys[endpoint.pk],
            token,
            tuple(claimed[endpoint.pk]),
        )
        for endpoint in endpoints
        if claimed[endpoint.pk]
    ]


def renew(tokens: Collection[str]) -> None:
    """Extend the leases with these tokens, for deliveries that are not recorded yet.

    Leases are short, so that the deliveries of a dead worker do not wait for long.
    """
    Delivery.objects.filter(lease_token__in=tokens, lease_until__isnull=False, state=Delivery.State.PENDING).update(
        lease_until=clock.now(LEASE_DURATION)
    )


def release(token: str, delivery_ids: Collection[int]) -> None:
    """Release the leases of deliveries that were claimed but not attempted."""
    rows = Delivery.objects.filter(pk__in=delivery_ids, lease_token=token)
    rows.update(lease_until=None, lease_token="")


def _endpoints_with_due_deliveries(only_healthy: bool) -> models.QuerySet[Endpoint]:
    has_due_delivery = Exists(_due_deliveries().filter(endpoint=OuterRef("pk")))
    rows = Endpoint.objects.filter(has_due_delivery, is_active=True, paused_at=None, disabled_at=None)
    return rows.filter(consecutive_failures=0) if only_healthy else rows


def _due_deliveries() -> models.QuerySet[Delivery]:
    return Delivery.objects.filter(
        is_unleased(clock.now()), state=Delivery.State.PENDING, next_attempt_at__lte=clock.now()
    )


def _claim_endpoints(limit: int, only_healthy: bool) -> list[Endpoint]:
    """Lock and return endpoints with due deliveries. Those that were not claimed for the longest time come first.

    The locks are held until the claim commits. Without them, two workers could both count the lanes of an endpoint and
    claim one too many.
    """
    rows = (
        _endpoints_with_due_deliveries(only_healthy)
        .filter(creator_can_manage())
        .select_for_update(skip_locked=True, no_key=True)
    )
    endpoints = list(rows.order_by(F("claimed_at").asc(nulls_first=True), "pk")[:limit])
    Endpoint.objects.filter(pk__in=[row.pk for row in endpoints]).update(claimed_at=clock.now())
    return endpoints


def _choose(endpoints: Sequence[Endpoint]) -> dict[int, list[int]]:
    """Return the ids of the deliveries for a new lane of each endpoint that may have another lane."""
    lanes: defaultdict[int, set[str]] = defaultdict(set)
    busy: defaultdict[int, set[str]] = defaultdict(set)
    leased = Delivery.objects.filter(
        endpoint__in=[row.pk for row in endpoints], state=Delivery.State.PENDING, lease_until__gte=clock.now()
    )
    for endpoint_id, token, object_key in leased.values_list("endpoint", "lease_token", "object_key"):
        lanes[endpoint_id].add(token)
        busy[endpoint_id].add(object_key)
    delivery_ids = {}
    for endpoint in endpoints:
        room = 1 if endpoint.consecutive_failures else LANES_PER_ENDPOINT
        if len(lanes[endpoint.pk]) < room:
            delivery_ids[endpoint.pk] = _next_deliveries(endpoint, busy[endpoint.pk])
    return delivery_ids


def _next_deliveries(endpoint: Endpoint, busy: Collection[str]) -> list[int]:
    """Return the ids of the deliveries that have been due for the longest time.

    Deliveries about an object wait while another lane sends one about it, so that the events of the object arrive in
    order.
    """
    rows = _due_deliveries().filter(endpoint=endpoint).order_by("next_attempt_at", "pk").values_list("pk", "object_key")
    return sorted([pk for pk, object_key in rows[:MAX_CANDIDATES] if object_key not in busy][:MAX_LANE_DELIVERIES])


# --- payloads ---------------------------------------------------------------------------------------------------------


def _load_deliveries(ids: Sequence[int], token: str) -> defaultdict[int, list[ClaimedDelivery]]:
    """Return the claimed deliveries of each endpoint, in order. Those that cannot be rendered are marked as failed."""
    rows = list(Delivery.objects.filter(pk__in=ids, lease_token=token).order_by("pk"))
    bodies = _bodies({(row.event_id, row.format) for row in rows})
    claimed: defaultdict[int, list[ClaimedDelivery]] = defaultdict(list)
    for row in rows:
        body = bodies.get((row.event_id, row.format))
        if body is None:
            _fail_without_attempt(row)
            continue
        number = row.attempt_count + 1
        claimed[row.endpoint_id].append(
            ClaimedDelivery(row.pk, row.webhook_id, row.format, number, row.step, body.encode())
        )
    return claimed


def _bodies(body_keys: set[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Return the bodies by event and format. A missing body is rendered and stored."""
    bodies = _stored_bodies(body_keys)
    if missing_keys := body_keys - bodies.keys():
        events = Event.objects.in_bulk({event_id for event_id, _ in missing_keys})
        rendered = {key: _rendered(key[1], events[key[0]]) for key in sorted(missing_keys)}
        rows = [Payload(event_id=key[0], format=key[1], body=body) for key, body in rendered.items() if body]
        # Another worker may render the same body. The first one that is stored is sent by all workers.
        insert_all(rows, ignore_conflicts=True)
        bodies |= _stored_bodies(missing_keys)
    return bodies


def _stored_bodies(body_keys: set[tuple[int, str]]) -> dict[tuple[int, str], str]:
    rows = Payload.objects.filter(event__in={event_id for event_id, _ in body_keys})
    return {(event_id, format_): body for event_id, format_, body in rows.values_list("event", "format", "body")}


def _rendered(format_: str, event: Event) -> str:
    try:
        return formats.render(format_, event)
    except DatabaseError:
        raise  # a database outage is temporary, so the delivery must not be given up
    except Exception:  # the renderer of another app must not stop all other deliveries
        log.exception("Event %s could not be rendered as %s.", event.public_id, format_)
        return ""


def _fail_without_attempt(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(
        state=Delivery.State.FAILED, lease_until=None, lease_token="", finished_at=clock.now()
    )


def _keys(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the decrypted secrets that are valid now, the newest first, or nothing if they cannot be decrypted."""
    encrypted = [endpoint.sealed_secret]
    if endpoint.is_previous_secret_valid:
        encrypted.append(endpoint.sealed_previous_secret)
    try:
        return tuple(encryption.decrypt(text) for text in encrypted)
    except encryption.DecryptionError:
        log.error("The secret of %s cannot be decrypted with the current SECRET_KEY. Rotate the secret.", endpoint)
        return ()


# --- finish -----------------------------------------------------------------------------------------------------------


def record(outcomes: Sequence[AttemptOutcome]) -> None:
    """Store the attempts and the new states of deliveries. Those whose lease was lost are ignored."""
    with transaction.atomic():
        current_tokens = dict(
            Delivery.objects.select_for_update()
            .filter(pk__in=[outcome.delivery.delivery_id for outcome in outcomes], state=Delivery.State.PENDING)
            .order_by("pk")
            .values_list("pk", "lease_token")
        )
        ours = [outcome for outcome in outcomes if current_tokens.get(outcome.delivery.delivery_id) == outcome.token]
        delays = {outcome.delivery.delivery_id: _delay(outcome) for outcome in ours}
        insert_all([_attempt(outcome) for outcome in ours if delays[outcome.delivery.delivery_id] is None])
        Attempt.objects.bulk_create(_attempts_to_retry(ours, delays))
        _finish([outcome.delivery.delivery_id for outcome in ours if outcome.is_delivered], Delivery.State.DELIVERED)
        failed_ids = [outcome.delivery.delivery_id for outcome in ours if not outcome.is_delivered]
        _finish([pk for pk in failed_ids if delays[pk] is None], Delivery.State.FAILED)
        _reschedule({pk: delay for pk in failed_ids if (delay := delays[pk]) is not None})
    _update_health(ours)


def _delay(outcome: AttemptOutcome) -> timedelta | None:
    """Return the time until the next attempt, or None if there is none."""
    if outcome.is_delivered or outcome.is_gone:
        return None
    return delay_after(outcome.delivery.step, outcome.retry_after, now=timezone.now())


def _attempts_to_retry(outcomes: Iterable[AttemptOutcome], delays: Mapping[int, timedelta | None]) -> list[Attempt]:
    """Return the attempts that will be retried.

    The time of the retry is a database expression, which `insert_all` does not support.
    """
    rows = []
    for outcome in outcomes:
        if (delay := delays[outcome.delivery.delivery_id]) is not None:
            row = _attempt(outcome)
            row.next_attempt_at = clock.now(delay)
            rows.append(row)
    return rows


def _attempt(outcome: AttemptOutcome) -> Attempt:
    return Attempt(
        delivery_id=outcome.delivery.delivery_id,
        number=outcome.delivery.number,
        result=outcome.result,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error[:300],
        request_headers=formats.redact_headers(outcome.headers),
        body_sha256=hashlib.sha256(outcome.delivery.body).hexdigest(),
        response=outcome.response,
    )


def _reschedule(delays: Mapping[int, timedelta]) -> None:
    """Schedule the next attempts. `delays` has the time from now for each delivery."""
    if delays:
        Delivery.objects.filter(pk__in=delays).update(
            attempt_count=F("attempt_count") + 1,
            step=F("step") + 1,
            next_attempt_at=Case(*(When(pk=pk, then=clock.now(delay)) for pk, delay in delays.items())),
            lease_until=None,
            lease_token="",
        )


def _finish(delivery_ids: Collection[int], state: Delivery.State) -> None:
    if delivery_ids:
        Delivery.objects.filter(pk__in=delivery_ids).update(
            state=state,
            attempt_count=F("attempt_count") + 1,
            lease_until=None,
            lease_token="",
            finished_at=clock.now(),
        )


def _update_health(outcomes: Iterable[AttemptOutcome]) -> None:
    """Update the failure counts of endpoints after their last outcome.

    Each update is its own transaction, so that workers do not block each other. A success of an endpoint that was not
    failing when it was claimed writes nothing. If it has failed in the meantime, its next success resets the count.
    """
    last = {outcome.endpoint_id: outcome for outcome in outcomes}
    for endpoint_id, outcome in sorted(last.items(), key=lambda item: item[0]):
        if outcome.is_delivered and not outcome.was_failing:
            continue
        row = Endpoint.objects.filter(pk=endpoint_id)
        if outcome.is_delivered:
            row.update(failing_since=None, consecutive_failures=0)
        else:
            row.update(
                failing_since=Coalesce("failing_since", clock.now()),
                consecutive_failures=F("consecutive_failures") + 1,
            )
