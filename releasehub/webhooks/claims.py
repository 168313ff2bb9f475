"""Which deliveries a worker may send, and what became of them. All times are the database's."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import DatabaseError, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from releasehub.core import encryption
from releasehub.core.sql_templates import insert_all
from releasehub.webhooks import clock, formats
from releasehub.webhooks.limits import LANES_PER_ENDPOINT
from releasehub.webhooks.models import Attempt, Delivery, Endpoint, Event, Payload
from releasehub.webhooks.policies import is_held
from releasehub.webhooks.schedule import delay_after

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=4)
LANE_SIZE = 50
LOOKED_AT = 200
GONE_STATUS = 410


@dataclass(frozen=True)
class Parcel:
    """One claimed delivery, ready to be signed and sent."""

    delivery_id: int
    webhook_id: str
    format: str
    number: int
    step: int
    body: bytes


@dataclass(frozen=True)
class Lane:
    """Deliveries of one endpoint that are sent one after the other, under one lease. `is_failing`: when claimed."""

    endpoint_id: int
    is_failing: bool
    url: str
    verify_tls: bool
    keys: tuple[str, ...]
    token: str
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to. `retry_after`: the header, as sent."""

    parcel: Parcel
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


def is_anything_due(*, only_healthy: bool = False) -> bool:
    """Look without locks, so that a worker without work costs one query.

    The rights of the creators are left to `claim`: the query is asked all the time, and building them in takes Django
    longer than all the rest.
    """
    return _waiting_endpoints(only_healthy).exists()


def claim(max_lanes: int, *, only_healthy: bool = False) -> list[Lane]:
    """Lease what may be sent now: at most a lane for each endpoint, and at most two of one endpoint at any time.

    `only_healthy`: of endpoints whose last attempt succeeded.
    Where the database has it, endpoints another worker is claiming for are skipped; SQLite has one writer at a time.
    """
    token = uuid4().hex
    with transaction.atomic():
        endpoints = _claim_endpoints(max_lanes, only_healthy)
        chosen = _choose(endpoints)
        ids = [pk for rows in chosen.values() for pk in rows]
        Delivery.objects.filter(pk__in=ids).update(lease_until=clock.now(LEASE), lease_token=token)
    if not ids:
        return []
    parcels = _parcels(ids, token)
    keys = {endpoint.pk: _keys(endpoint) for endpoint in endpoints}
    return [
        Lane(
            endpoint.pk,
            endpoint.failing_since is not None,
            endpoint.url,
            endpoint.verify_tls,
            keys[endpoint.pk],
            token,
            tuple(parcels[endpoint.pk]),
        )
        for endpoint in endpoints
        if parcels[endpoint.pk]
    ]


def renew(tokens: Collection[str]) -> None:
    """Keep what is still ours and not yet noted. Leases are short, so that a dead worker holds up nobody for long."""
    Delivery.objects.filter(lease_token__in=tokens, lease_until__isnull=False, state=Delivery.State.PENDING).update(
        lease_until=clock.now(LEASE)
    )


def release(token: str, delivery_ids: Collection[int]) -> None:
    """Give back what was claimed and not tried."""
    rows = Delivery.objects.filter(pk__in=delivery_ids, lease_token=token)
    rows.update(lease_until=None, lease_token="")


def _waiting_endpoints(only_healthy: bool) -> models.QuerySet[Endpoint]:
    due = Exists(_due().filter(endpoint=OuterRef("pk")))
    rows = Endpoint.objects.filter(due, is_active=True, paused_at=None, disabled_at=None)
    return rows.filter(consecutive_failures=0) if only_healthy else rows


def _due() -> models.QuerySet[Delivery]:
    free = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return Delivery.objects.filter(free, state=Delivery.State.PENDING, next_attempt_at__lte=clock.now())


def _claim_endpoints(most: int, only_healthy: bool) -> list[Endpoint]:
    """Locked until the claim commits, which makes the number of lanes exact; the one longest not looked at first."""
    rows = _waiting_endpoints(only_healthy).filter(is_held()).select_for_update(skip_locked=True, no_key=True)
    endpoints = list(rows.order_by(F("claimed_at").asc(nulls_first=True), "pk")[:most])
    Endpoint.objects.filter(pk__in=[row.pk for row in endpoints]).update(claimed_at=clock.now())
    return endpoints


def _choose(endpoints: Sequence[Endpoint]) -> dict[int, list[int]]:
    """Endpoint -> deliveries of its new lane."""
    lanes: defaultdict[int, set[str]] = defaultdict(set)
    busy: defaultdict[int, set[str]] = defaultdict(set)
    leased = Delivery.objects.filter(
        endpoint__in=[row.pk for row in endpoints], state=Delivery.State.PENDING, lease_until__gte=clock.now()
    )
    for endpoint_id, token, object_key in leased.values_list("endpoint", "lease_token", "object_key"):
        lanes[endpoint_id].add(token)
        busy[endpoint_id].add(object_key)
    chosen = {}
    for endpoint in endpoints:
        room = 1 if endpoint.consecutive_failures else LANES_PER_ENDPOINT
        if len(lanes[endpoint.pk]) < room:
            chosen[endpoint.pk] = _next_of(endpoint, busy[endpoint.pk])
    return chosen


def _next_of(endpoint: Endpoint, busy: Collection[str]) -> list[int]:
    """The oldest due ones, in order. An object another lane speaks of waits, so that its events stay in order."""
    rows = _due().filter(endpoint=endpoint).order_by("next_attempt_at", "pk").values_list("pk", "object_key")
    return sorted([pk for pk, object_key in rows[:LOOKED_AT] if object_key not in busy][:LANE_SIZE])


# --- payloads ---------------------------------------------------------------------------------------------------------


def _parcels(ids: Sequence[int], token: str) -> defaultdict[int, list[Parcel]]:
    """Endpoint -> what to send, in order. What cannot be rendered is given up."""
    deliveries = list(Delivery.objects.filter(pk__in=ids, lease_token=token).order_by("pk"))
    bodies = _bodies({(row.event_id, row.format) for row in deliveries})
    parcels: defaultdict[int, list[Parcel]] = defaultdict(list)
    for row in deliveries:
        body = bodies.get((row.event_id, row.format))
        if body is None:
            _give_up(row)
            continue
        number = row.attempt_count + 1
        parcels[row.endpoint_id].append(Parcel(row.pk, row.webhook_id, row.format, number, row.step, body.encode()))
    return parcels


def _bodies(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """(event, format) -> the body as first rendered, by this worker or another."""
    bodies = _stored_bodies(wanted)
    if missing := wanted - bodies.keys():
        events = Event.objects.in_bulk({event_id for event_id, _ in missing})
        rendered = {key: _rendered(key[1], events[key[0]]) for key in sorted(missing)}
        rows = [Payload(event_id=key[0], format=key[1], body=body) for key, body in rendered.items() if body]
        insert_all(rows, ignore_conflicts=True)
        bodies |= _stored_bodies(missing)
    return bodies


def _stored_bodies(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], str]:
    rows = Payload.objects.filter(event__in={event_id for event_id, _ in wanted})
    return {(event_id, format_): body for event_id, format_, body in rows.values_list("event", "format", "body")}


def _rendered(format_: str, event: Event) -> str:
    try:
        return formats.render(format_, event)
    except DatabaseError:
        raise  # that passes, and the delivery with it
    except Exception:  # a renderer of another app must not stop the deliveries of all others
        log.exception("Event %s could not be rendered as %s.", event.public_id, format_)
        return ""


def _give_up(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(
        state=Delivery.State.FAILED, lease_until=None, lease_token="", finished_at=clock.now()
    )


def _keys(endpoint: Endpoint) -> tuple[str, ...]:
    """The secrets in force, the newest first."""
    sealed = [endpoint.sealed_secret]
    if endpoint.is_earlier_secret_valid:
        sealed.append(endpoint.sealed_previous_secret)
    try:
        return tuple(encryption.decrypt(text) for text in sealed)
    except encryption.DecryptionError:
        log.error("The secret of %s cannot be read under this SECRET_KEY; rotate it.", endpoint)
        return ()


# --- finish -----------------------------------------------------------------------------------------------------------


def record(outcomes: Sequence[Outcome]) -> None:
    """Attempts and new states, of those deliveries whose lease is still ours."""
    with transaction.atomic():
        held = dict(
            Delivery.objects.select_for_update()
            .filter(pk__in=[outcome.parcel.delivery_id for outcome in outcomes], state=Delivery.State.PENDING)
            .order_by("pk")
            .values_list("pk", "lease_token")
        )
        ours = [outcome for outcome in outcomes if held.get(outcome.parcel.delivery_id) == outcome.token]
        delays = {outcome.parcel.delivery_id: _delay(outcome) for outcome in ours}
        insert_all([_attempt(outcome) for outcome in ours if delays[outcome.parcel.delivery_id] is None])
        Attempt.objects.bulk_create(_to_repeat(ours, delays))
        _finish([outcome.parcel.delivery_id for outcome in ours if outcome.is_delivered], Delivery.State.DELIVERED)
        failed = [outcome.parcel.delivery_id for outcome in ours if not outcome.is_delivered]
        _finish([pk for pk in failed if delays[pk] is None], Delivery.State.FAILED)
        _put_off({pk: delay for pk in failed if (delay := delays[pk]) is not None})
    _note_health(ours)


def _delay(outcome: Outcome) -> timedelta | None:
    """Until the next attempt, if there is one."""
    if outcome.is_delivered or outcome.is_gone:
        return None
    return delay_after(outcome.parcel.step, outcome.retry_after, now=timezone.now())


def _to_repeat(outcomes: Iterable[Outcome], delays: Mapping[int, timedelta | None]) -> list[Attempt]:
    """The attempts that another will follow, with its time: an expression, read back as a date."""
    rows = []
    for outcome in outcomes:
        if (delay := delays[outcome.parcel.delivery_id]) is not None:
            row = _attempt(outcome)
            row.next_attempt_at = clock.now(delay)
            rows.append(row)
    return rows


def _attempt(outcome: Outcome) -> Attempt:
    return Attempt(
        delivery_id=outcome.parcel.delivery_id,
        number=outcome.parcel.number,
        result=outcome.result,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error[:300],
        request_headers=formats.without_secrets(outcome.headers),
        body_sha256=hashlib.sha256(outcome.parcel.body).hexdigest(),
        response=outcome.response,
    )


def _put_off(delays: Mapping[int, timedelta]) -> None:
    """Delivery -> how long from now."""
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


def _note_health(outcomes: Iterable[Outcome]) -> None:
    """One row at a time and none inside a transaction, so that no two workers wait for each other.

    A success of an endpoint that was well when claimed costs nothing; had it failed meanwhile, the next one counts.
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
