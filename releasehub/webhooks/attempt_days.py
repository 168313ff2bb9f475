"""Attempts of an endpoint by day, for a chart."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from releasehub.webhooks.models import Attempt, Endpoint

DAYS = 14


@dataclass(frozen=True)
class AttemptDay:
    day: date
    delivered: int
    failed: int


def attempts_by_day(endpoint: Endpoint) -> list[AttemptDay]:
    """Return the numbers of the last days, oldest first, with days without attempts. This takes one query."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    start = timezone.now() - timedelta(days=DAYS)
    is_delivered = Q(result=Attempt.Result.DELIVERED)
    rows = (
        Attempt.objects.filter(delivery__endpoint=endpoint, started_at__gte=start)
        .order_by()
        .annotate(day=TruncDate("started_at"))
        .values("day")
        .annotate(delivered=Count("pk", filter=is_delivered), failed=Count("pk", filter=~is_delivered))
    )
    found = {row["day"]: AttemptDay(row["day"], row["delivered"], row["failed"]) for row in rows}
    return [found.get(day, AttemptDay(day, 0, 0)) for day in (first + timedelta(days=n) for n in range(DAYS))]
