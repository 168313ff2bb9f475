"""Retention of deliveries, and of traffic events, which are not in the event stream. `event_retention` has the rest."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from releasehub.core.holds import held_download_ids
from releasehub.webhooks import clock
from releasehub.webhooks.filters import TRAFFIC
from releasehub.webhooks.models import Delivery, Event, Payload

BATCH_ROWS = 1000


def prune_deliveries() -> int:
    """Delete deliveries that are older than WEBHOOK_RETENTION_DAYS, and whatever only deliveries needed.

    With WEBHOOK_RETENTION_DAYS=0, no delivery is deleted. Those of a deleted endpoint are gone nevertheless, so traffic
    events and bodies without any delivery are deleted in each run.

    Returns:
        The number of deleted deliveries.
    """
    days = settings.WEBHOOK_RETENTION_DAYS
    count = _delete_old_deliveries(timedelta(days=days)) if days else 0
    is_delivered = Exists(Delivery.objects.filter(event=OuterRef("pk")))
    is_held = Q(download_id__in=held_download_ids())
    _delete_in_batches(Event.objects.filter(~is_delivered, ~is_held, object_type=TRAFFIC))
    _delete_in_batches(Payload.objects.filter(~Exists(Delivery.objects.filter(event=OuterRef("event")))))
    return count


def _delete_old_deliveries(age: timedelta) -> int:
    """Delete older deliveries with their attempts, and return their number.

    Pending deliveries of active endpoints are kept, and so are those about a download under a legal hold.
    """
    is_waiting = Q(state=Delivery.State.PENDING, endpoint__is_active=True, endpoint__disabled_at=None)
    old = Delivery.objects.filter(created_at__lt=clock.now(-age)).exclude(is_waiting)
    if held := held_download_ids():
        old = old.exclude(event__download_id__in=held)
    return _delete_in_batches(old)


def _delete_in_batches(rows: models.QuerySet[Any]) -> int:
    count = 0
    while ids := list(rows.order_by("id").values_list("pk", flat=True)[:BATCH_ROWS]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        count += len(ids)
    return count
