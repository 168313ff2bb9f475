"""Disable the endpoints that the hub gives up on: gone, failing for days, or abandoned by their creator."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import system_actor
from releasehub.core.tasks import hint
from releasehub.webhooks import clock, notices
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.querysets import creator_can_manage

DISABLE_AFTER = timedelta(days=5)
ABANDONED_REASON = "The user who created it no longer has permission to manage it. Resume the endpoint to take it over."


def disable_gone(endpoint_id: int) -> None:
    """Disable an endpoint that has responded with status 410, by which a receiver unsubscribes."""
    _disable(endpoint_id, "The server responded with status 410 (Gone).")


def disable_failing() -> int:
    """Disable endpoints that have only failed for five days, and return their number."""
    failing = Endpoint.objects.filter(disabled_at=None, failing_since__lte=clock.now(-DISABLE_AFTER))
    reason = f"No delivery succeeded for {DISABLE_AFTER.days} days."
    return sum(_disable(pk, reason) for pk in failing.values_list("pk", flat=True))


def disable_abandoned() -> int:
    """Disable endpoints whose creator may no longer manage them, and return their number.

    Claims skip them already. Disabling them also notifies the owners, who can take them over by resuming them.
    """
    abandoned = Endpoint.objects.filter(disabled_at=None).exclude(creator_can_manage())
    return sum(_disable(pk, ABANDONED_REASON) for pk in abandoned.values_list("pk", flat=True))


def disable_left(endpoint_id: int) -> None:
    _disable(endpoint_id, ABANDONED_REASON)


@transaction.atomic
def _disable(endpoint_id: int, reason: str) -> bool:
    """Disable an endpoint and schedule the notice. Return False if it was disabled already."""
    rows = Endpoint.objects.filter(pk=endpoint_id, disabled_at=None)
    now = clock.now()
    if not rows.update(disabled_at=now, notice_due_at=now, disabled_reason=reason, updated_at=timezone.now()):
        return False
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    audit.record(actor=system_actor(), action=AuditAction.ENDPOINT_DISABLE, target=endpoint, reason=reason)
    transaction.on_commit(partial(hint, notices.SEND_TASK))
    return True
