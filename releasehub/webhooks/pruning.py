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
    """Delete deliveries that are older than WEBHOOK_RETENTION_DAYS, with their attempts and bodies.

    Pending deliveries of active endpoints are kept, and so are those about a download under a legal hold.

    Returns:
        The number of deleted deliveries. With WEBHOOK_RETENTION_DAYS=0, nothing is deleted.
    """
    days = getattr(settings, "WEBHOOK_RETENTION_DAYS", 30)
    if not days:
        return 0
    is_waiting = Q(state=Delivery.State.PENDING, endpoint__is_active=True, endpoint__disabled_at=None)
    old = Delivery.objects.filter(created_at__lt=clock.now(-timedelta(days=days))).exclude(is_waiting).order_by("id")
    held = held_download_ids()
    if held:
        old = old.exclude(event__download_id__in=held)
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH_ROWS]):
        Delivery.objects.filter(pk__in=ids).delete()
        count += len(ids)
    is_delivered = Exists(Delivery.objects.filter(event=OuterRef("pk")))
    _delete_in_batches(Event.objects.filter(~is_delivered, ~Q(download_id__in=held), object_type=TRAFFIC))
    _delete_in_batches(Payload.objects.filter(~Exists(Delivery.objects.filter(event=OuterRef("event")))))
    return count


def _delete_in_batches(rows: models.QuerySet[Any]) -> None:
    while ids := list(rows.order_by("id").values_list("pk", flat=True)[:BATCH_ROWS]):
        rows.model._default_manager.filter(pk__in=ids).delete()
