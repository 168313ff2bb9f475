"""The dashboard, which is the first page of the admin."""

from typing import Any

from django.http import HttpRequest

from files.hub_days import last_days
from releasehub.backoffice.dashboard.charts import charts_for
from releasehub.backoffice.dashboard.tiles import tiles_for
from releasehub.core.charts import BAR_WIDTH, HEIGHT

DAYS = 30


def dashboard_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the template of the index needs."""
    days = last_days(DAYS)
    return {
        "tiles": tiles_for(request, days),
        "charts": charts_for(request, days),
        "chart_height": HEIGHT,
        "bar_width": BAR_WIDTH,
        "chart_days": DAYS,
    }
