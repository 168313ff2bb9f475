"""Metrics of deliveries."""

from datetime import timedelta
from typing import TypedDict

from django.db.models import Count, Min
from django.utils import timezone

from releasehub.webhooks import clock
from releasehub.webhooks.models import Attempt, Delivery


class WebhookMetrics(TypedDict):
    """Metrics of the deliveries of active endpoints.

    Attributes:
        untried: The number of due deliveries without an attempt.
    """

    queue_depth: int
    untried: int
    oldest_seconds: float
    attempts: dict[str, int]


def webhook_metrics() -> WebhookMetrics:
    """Return the metrics, with the attempts of the last hour. This takes three queries."""
    waiting = Delivery.objects.filter(
        state=Delivery.State.PENDING, endpoint__is_active=True, endpoint__paused_at=None, endpoint__disabled_at=None
    )
    summary = waiting.aggregate(depth=Count("pk"), oldest=Min("created_at"))
    recent = Attempt.objects.filter(started_at__gte=timezone.now() - timedelta(hours=1)).order_by()
    numbers = dict(recent.values_list("result").annotate(number=Count("pk")))
    age = (timezone.now() - summary["oldest"]).total_seconds() if summary["oldest"] else 0.0
    return WebhookMetrics(
        queue_depth=summary["depth"],
        untried=waiting.filter(attempt_count=0, next_attempt_at__lte=clock.now()).count(),
        oldest_seconds=max(age, 0.0),
        attempts={result: numbers.get(result, 0) for result in Attempt.Result.values},
    )
