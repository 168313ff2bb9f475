"""Claims: which deliveries a worker may send next.

A claim takes due deliveries of an endpoint as a *lane* and leases them to the worker. An endpoint has at most
LANES_PER_ENDPOINT lanes in all workers together. All times come from the clock of the database.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import uuid4

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef

from releasehub.core.locks import is_leased, is_unleased
from releasehub.webhooks import clock
from releasehub.webhooks.authentication import authentication_of
from releasehub.webhooks.bodies import keys_of, load_deliveries
from releasehub.webhooks.lanes import Lane
from releasehub.webhooks.limits import LANES_PER_ENDPOINT
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.querysets import creator_can_manage

LEASE_DURATION = timedelta(seconds=4)
MAX_LANE_DELIVERIES = 50
MAX_CANDIDATES = 200


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
    # Bodies are rendered after the claim is committed, so that the locks on the endpoints are held for a short time
    # only.
    claimed = load_deliveries(ids, token)
    return [
        Lane(
            endpoint_id=endpoint.pk,
            is_failing=endpoint.failing_since is not None,
            url=endpoint.url,
            verify_tls=endpoint.verify_tls,
            keys=keys_of(endpoint),
            authentication=authentication_of(endpoint),
            token=token,
            deliveries=tuple(claimed[endpoint.pk]),
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
        is_leased(clock.now()), endpoint__in=[row.pk for row in endpoints], state=Delivery.State.PENDING
    )
    for endpoint_id, token, object_key in leased.values_list("endpoint", "lease_token", "object_key"):
        lanes[endpoint_id].add(token)
        busy[endpoint_id].add(object_key)
    delivery_ids = {}
    for endpoint in endpoints:
        # A failing endpoint gets a single lane, so that it cannot occupy two threads with timeouts.
        room = 1 if endpoint.consecutive_failures else LANES_PER_ENDPOINT
        if len(lanes[endpoint.pk]) < room:
            delivery_ids[endpoint.pk] = _next_deliveries(endpoint, busy[endpoint.pk])
    return delivery_ids


def _next_deliveries(endpoint: Endpoint, busy: Collection[str]) -> list[int]:
    """Return the ids of the deliveries that have been due for the longest time.

    Deliveries about an object wait while another lane sends one about it, so that the events of the object arrive in
    order.
    """
    # More candidates than a lane takes, because some of them may belong to objects of the other lane.
    rows = _due_deliveries().filter(endpoint=endpoint).order_by("next_attempt_at", "pk").values_list("pk", "object_key")
    return sorted([pk for pk, object_key in rows[:MAX_CANDIDATES] if object_key not in busy][:MAX_LANE_DELIVERIES])
