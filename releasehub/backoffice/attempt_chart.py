"""The chart of attempts on the page of a webhook endpoint, as a table and a drawing without a script."""

from typing import Any

from django.template.loader import render_to_string
from unfold.decorators import display

from releasehub.webhooks.attempt_days import AttemptDay, attempts_by_day
from releasehub.webhooks.models import Endpoint

HEIGHT, BAR_WIDTH, GAP = 80, 20, 6


def bars_of(days: list[AttemptDay]) -> list[dict[str, Any]]:
    """Return the bars: where they start, and how high both parts are. The highest day fills the height."""
    highest = max((day.delivered + day.failed for day in days), default=0) or 1
    bars = []
    for place, day in enumerate(days):
        failed = round(HEIGHT * day.failed / highest)
        delivered = round(HEIGHT * day.delivered / highest)
        left, top = place * (BAR_WIDTH + GAP), HEIGHT - failed - delivered
        bars.append(
            {"day": day, "x": left, "top": top, "delivered": delivered, "middle": top + delivered, "failed": failed}
        )
    return bars


class AttemptChartMixin:
    @display(description="attempts in the last 14 days")
    def attempt_chart(self, row: Endpoint) -> str:
        days = attempts_by_day(row)
        context = {
            "bars": bars_of(days),
            "height": HEIGHT,
            "bar_width": BAR_WIDTH,
            "width": len(days) * (BAR_WIDTH + GAP),
            "delivered": sum(day.delivered for day in days),
            "failed": sum(day.failed for day in days),
        }
        return render_to_string("admin/releasehub/attempt_chart.html", context)
