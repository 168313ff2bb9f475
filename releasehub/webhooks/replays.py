"""Replays: sending deliveries again, with the same webhook-id and the same body."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.locks import is_unleased
from releasehub.core.tasks import hint
from releasehub.webhooks import clock
from releasehub.webhooks.endpoint_states import ensure_sending
from releasehub.webhooks.fanout import DELIVER_TASK
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy

State = Delivery.State


def replay_delivery(*, actor: Actor, delivery: Delivery) -> None:
    """Make a delivery due now, whatever its state.

    Raises:
        Conflict: The endpoint is not sending, or a worker is sending this delivery right now.
    """
    rows = Delivery.objects.filter(pk=delivery.pk)
    if not _replay(actor, delivery.endpoint, rows, {"delivery": delivery.webhook_id}):
        raise Conflict(ErrorCode.DELIVERY_UNDER_WAY, "This delivery is being sent right now. Try again in a minute.")


def replay_failed(*, actor: Actor, endpoint: Endpoint) -> int:
    """Make all failed deliveries of an endpoint due now, and return their number.

    Raises:
        Conflict: The endpoint is not sending.
    """
    return _replay(actor, endpoint, endpoint.deliveries.filter(state=State.FAILED), {"state": State.FAILED.value})


def replay_range(*, actor: Actor, endpoint: Endpoint, since: datetime, until: datetime) -> int:
    """Make all finished deliveries of events in the range [since, until) due now, even if they were delivered.

    Returns:
        The number of deliveries.

    Raises:
        Conflict: The endpoint is not sending.
    """
    rows = endpoint.deliveries.exclude(state=State.PENDING)
    rows = rows.filter(event__occurred_at__gte=since, event__occurred_at__lt=until)
    return _replay(actor, endpoint, rows, {"since": since.isoformat(), "until": until.isoformat()})


@transaction.atomic
def cancel_pending(*, actor: Actor, endpoint: Endpoint) -> int:
    """Cancel all pending deliveries of an endpoint, and return their number."""
    endpoint_policy.ensure("change", actor, endpoint)
    count = _without_leases(endpoint.deliveries.filter(state=State.PENDING)).update(
        state=State.CANCELLED, finished_at=timezone.now(), lease_until=None, lease_token=""
    )
    if count:
        audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=endpoint, changes={"cancelled": count})
    return count


@transaction.atomic
def _replay(actor: Actor, endpoint: Endpoint, rows: models.QuerySet[Delivery], details: dict[str, Any]) -> int:
    endpoint_policy.ensure("change", actor, endpoint)
    ensure_sending(endpoint)
    ids = list(_without_leases(rows).values_list("pk", flat=True))
    # A worker may have leased some of them since the query above, so the update checks the leases again.
    count = _without_leases(Delivery.objects.filter(pk__in=ids)).update(
        state=State.PENDING, step=0, next_attempt_at=clock.now(), finished_at=None, lease_until=None, lease_token=""
    )
    if count:
        audit.record(
            actor=actor, action=AuditAction.ENDPOINT_REPLAY, target=endpoint, changes=details | {"count": count}
        )
        transaction.on_commit(partial(hint, DELIVER_TASK))
    return count


def _without_leases(rows: models.QuerySet[Delivery]) -> models.QuerySet[Delivery]:
    """Return the rows that no worker is sending."""
    return rows.filter(is_unleased(clock.now()))
