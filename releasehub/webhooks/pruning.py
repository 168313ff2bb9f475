"""Forgetting old deliveries. Events stay, for those who read the stream."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from releasehub.webhooks import clock
from releasehub.webhooks.models import Delivery, Payload

BATCH = 1000


def prune_deliveries() -> int:
    """Erase deliveries, their attempts and bodies, past WEBHOOK_RETENTION_DAYS (30; 0 = kept); returns how many.

    What still waits for an endpoint that sends is kept.
    """
    days = getattr(settings, "WEBHOOK_RETENTION_DAYS", 30)
    if not days:
        return 0
    waits = Q(state=Delivery.State.PENDING, endpoint__is_active=True, endpoint__disabled_at=None)
    old = Delivery.objects.filter(created_at__lt=clock.now(-timedelta(days=days))).exclude(waits).order_by("id")
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        Delivery.objects.filter(pk__in=ids).delete()
        count += len(ids)
    _erase_in_batches(Payload.objects.filter(~Exists(Delivery.objects.filter(event=OuterRef("event")))))
    return count


def _erase_in_batches(rows: models.QuerySet[Payload]) -> None:
    while ids := list(rows.order_by("id").values_list("pk", flat=True)[:BATCH]):
        Payload.objects.filter(pk__in=ids).delete()
