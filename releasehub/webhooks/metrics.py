"""How the deliveries are doing."""

from datetime import timedelta
from typing import TypedDict

from django.db.models import Count, Min
from django.utils import timezone

from releasehub.webhooks import clock
from releasehub.webhooks.models import Attempt, Delivery


class WebhookMetrics(TypedDict):
    """Of endpoints that send: what waits, how many of those were never tried, the age in seconds of the oldest.

    `attempts`: result -> number, within the time asked about.
    """

    queue_depth: int
    untried: int
    oldest_seconds: float
    attempts: dict[str, int]


def webhook_metrics(within: timedelta = timedelta(hours=1)) -> WebhookMetrics:
    """Three queries."""
    waiting = Delivery.objects.filter(
        state=Delivery.State.PENDING, endpoint__is_active=True, endpoint__paused_at=None, endpoint__disabled_at=None
    )
    found = waiting.aggregate(depth=Count("pk"), oldest=Min("created_at"))
    counted = Attempt.objects.filter(started_at__gte=timezone.now() - within).order_by()
    numbers = dict(counted.values_list("result").annotate(number=Count("pk")))
    age = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return WebhookMetrics(
        queue_depth=found["depth"],
        untried=waiting.filter(attempt_count=0, next_attempt_at__lte=clock.now()).count(),
        oldest_seconds=max(age, 0.0),
        attempts={result: numbers.get(result, 0) for result in Attempt.Result.values},
    )
