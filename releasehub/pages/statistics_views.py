"""The pages with the downloads of a product or a version over time, and the same as CSV."""

from datetime import date
from itertools import repeat
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from files.models import File
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.core.charts import BAR_WIDTH, HEIGHT, stacked_chart
from releasehub.core.csv_export import csv_response
from releasehub.core.requests import actor_of
from releasehub.distribution.statistics import Breakdown, Period, Statistics, download_statistics, version_statistics
from releasehub.distribution.statistics_export import statistics_csv
from releasehub.pages.contexts import about, download_of_page
from releasehub.pages.desk.lookup import find_version
from releasehub.pages.form_pages import account_page
from releasehub.pages.viewers import viewer_of


@require_safe
@cache_for_anonymous()
def statistics(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Show a chart of the downloads by version or platform, and the same figures as a table."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    breakdown = Breakdown.PLATFORM if request.GET.get("by") == Breakdown.PLATFORM else Breakdown.VERSION
    found = download_statistics(actor, download, _period_of(request), breakdown)
    context = about(request, download) | chart_context(found) | {"tab": "statistics"}
    return render(request, "pages/statistics.html", context)


@require_safe
def statistics_file(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Stream the downloads per day as CSV. It is not cached, because it can be large."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    return csv_response(statistics_csv(actor, download), f"{download.slug}-statistics.csv")


@account_page
def statistics_of_version(request: HttpRequest, public_id: str) -> HttpResponse:
    actor = actor_of(request)
    version = find_version(actor, public_id)
    files = File.objects.filter(version=version).order_by("-download_count", "filename")
    context = {"version": version, "download": version.download, "files": files}
    found = version_statistics(actor, version, _period_of(request))
    return render(request, "pages/desk/version_statistics.html", context | chart_context(found))


def _period_of(request: HttpRequest) -> Period:
    return Period.MONTHS if request.GET.get("period") == Period.MONTHS else Period.DAYS


def chart_context(found: Statistics) -> dict[str, Any]:
    """Return the template context: the chart, and the rows of its table, the newest first."""
    counts = [series.counts for series in found.series]
    names = ["rest" if series.name is None else str(place) for place, series in enumerate(found.series)]
    steps = list(zip(found.starts, found.totals, zip(*counts, strict=True) if counts else repeat(()), strict=False))
    return {
        "statistics": found,
        "chart": stacked_chart(names, counts, [label_of(found.period, start, total) for start, total, _ in steps]),
        "bar_width": BAR_WIDTH,
        "chart_height": HEIGHT,
        "chart_labels": [found.starts[0], found.starts[len(found.starts) // 2], found.starts[-1]],
        "rows": steps[::-1],
    }


def label_of(period: Period, start: date, total: int) -> str:
    shown = date_format(start, "DATE_FORMAT" if period == Period.DAYS else "F Y")
    text = ngettext("%(date)s: %(counter)s download", "%(date)s: %(counter)s downloads", total)
    return text % {"date": shown, "counter": intcomma(total)}
