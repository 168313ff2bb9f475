"""Sending again, under the same webhook-id and with the same bytes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.tasks import hint
from releasehub.webhooks import clock
from releasehub.webhooks.endpoints import ensure_sending
from releasehub.webhooks.fanout import DELIVER
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy

State = Delivery.State


def replay_delivery(*, actor: Actor, delivery: Delivery) -> None:
    """Make it due now, whatever became of it; a waiting one need not wait.

    Errors: NotFound, Denied; Conflict when the endpoint sends nothing or this delivery is under way.
    """
    rows = Delivery.objects.filter(pk=delivery.pk)
    if not _replay(actor, delivery.endpoint, rows, {"delivery": delivery.webhook_id}):
        raise Conflict(ErrorCode.DELIVERY_UNDER_WAY, "This delivery is under way.")


def replay_failed(*, actor: Actor, endpoint: Endpoint) -> int:
    """All that were given up; returns how many. Errors: NotFound, Denied, Conflict."""
    return _replay(actor, endpoint, endpoint.deliveries.filter(state=State.FAILED), {"state": State.FAILED.value})


def replay_range(*, actor: Actor, endpoint: Endpoint, since: datetime, until: datetime) -> int:
    """All finished ones of events that happened in [since, until), delivered ones too; returns how many.

    Errors: NotFound, Denied, Conflict.
    """
    rows = endpoint.deliveries.exclude(state=State.PENDING)
    rows = rows.filter(event__occurred_at__gte=since, event__occurred_at__lt=until)
    return _replay(actor, endpoint, rows, {"since": since.isoformat(), "until": until.isoformat()})


@transaction.atomic
def cancel_pending(*, actor: Actor, endpoint: Endpoint) -> int:
    """Give up what waits, without sending it; returns how many. Errors: NotFound, Denied."""
    endpoint_policy.ensure("change", actor, endpoint)
    count = _idle(endpoint.deliveries.filter(state=State.PENDING)).update(
        state=State.CANCELLED, finished_at=timezone.now(), lease_until=None, lease_token=""
    )
    audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=endpoint, changes={"cancelled": count})
    return count


@transaction.atomic
def _replay(actor: Actor, endpoint: Endpoint, rows: models.QuerySet[Delivery], details: dict[str, Any]) -> int:
    endpoint_policy.ensure("change", actor, endpoint)
    ensure_sending(endpoint)
    ids = list(_idle(rows).values_list("pk", flat=True))
    count = _idle(Delivery.objects.filter(pk__in=ids)).update(
        state=State.PENDING, step=0, next_attempt_at=clock.now(), finished_at=None, lease_until=None, lease_token=""
    )
    if count:
        audit.record(
            actor=actor, action=AuditAction.ENDPOINT_REPLAY, target=endpoint, changes=details | {"count": count}
        )
        transaction.on_commit(partial(hint, DELIVER))
    return count


def _idle(rows: models.QuerySet[Delivery]) -> models.QuerySet[Delivery]:
    """Without those a worker has."""
    return rows.filter(models.Q(lease_until=None) | models.Q(lease_until__lt=clock.now()))
