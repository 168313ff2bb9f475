"""Pause, resume and test endpoints."""

from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, NotFound
from releasehub.core.tasks import hint
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import DELIVER_TASK, new_delivery
from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import creator_can_manage
from releasehub.webhooks.services import store_events


@transaction.atomic
def pause_endpoint(*, actor: Actor, endpoint: Endpoint, reason: str = "") -> Endpoint:
    """Pause an endpoint. It still gets deliveries, which wait until it is resumed."""
    endpoint_policy.ensure("change", actor, endpoint)
    locked = lock_endpoint(endpoint)
    if not locked.is_paused:
        locked.paused_at = timezone.now()
        locked.save(update_fields=["paused_at", "updated_at"])
        audit.record(actor=actor, action=AuditAction.ENDPOINT_PAUSE, target=locked, reason=reason)
    return locked


@transaction.atomic
def resume_endpoint(*, actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Resume an endpoint that is paused or was disabled by the hub. Waiting deliveries are sent.

    If the creator of the endpoint may no longer manage it, the actor takes its place, and the endpoint depends on the
    rights of the actor from now on.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = lock_endpoint(endpoint)
    if locked.is_paused or locked.is_disabled:
        if not Endpoint.objects.filter(creator_can_manage(), pk=locked.pk).exists():
            locked.created_by = actor.grantor
        changes = {"disabled_reason": [locked.disabled_reason, ""]} if locked.is_disabled else {}
        locked.paused_at = locked.disabled_at = locked.failing_since = None
        locked.notice_due_at, locked.disabled_reason, locked.consecutive_failures = None, "", 0
        locked.save()
        audit.record(actor=actor, action=AuditAction.ENDPOINT_RESUME, target=locked, changes=changes)
        transaction.on_commit(partial(hint, DELIVER_TASK))
    return locked


@transaction.atomic
def send_test_event(*, actor: Actor, endpoint: Endpoint) -> Delivery:
    """Create a delivery of the event `endpoint.test`, whatever the filter of the endpoint says.

    The attempts of the delivery show whether it works.

    Raises:
        Conflict: The endpoint is paused, disabled or not active.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = lock_endpoint(endpoint)
    ensure_sending(locked)
    data = {"endpoint_id": locked.public_id, "message": "This is a test."}
    events = store_events(
        actor=actor, events=[EventType.ENDPOINT_TEST], target=locked, download_id=locked.download_id, data=data
    )
    delivery = new_delivery(events[0], locked)
    delivery.save(force_insert=True)
    audit.record(actor=actor, action=AuditAction.ENDPOINT_TEST, target=locked)
    transaction.on_commit(partial(hint, DELIVER_TASK))
    return delivery


def ensure_sending(endpoint: Endpoint) -> None:
    if not endpoint.is_active or endpoint.is_paused or endpoint.is_disabled:
        raise Conflict(
            ErrorCode.ENDPOINT_NOT_SENDING,
            "The endpoint is paused, disabled or inactive. Resume or activate it first.",
        )


def in_state(rows: QuerySet[Endpoint], state: Endpoint.State) -> QuerySet[Endpoint]:
    """Return the endpoints whose property `state` has this value."""
    if state == Endpoint.State.DISABLED:
        return rows.filter(disabled_at__isnull=False)
    if state == Endpoint.State.OFF:
        return rows.filter(disabled_at=None, is_active=False)
    is_paused = state == Endpoint.State.PAUSED
    return rows.filter(disabled_at=None, is_active=True, paused_at__isnull=not is_paused)


def lock_endpoint(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it is in the database, with its row locked."""
    try:
        return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    except Endpoint.DoesNotExist:
        raise NotFound from None
