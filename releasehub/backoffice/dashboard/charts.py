"""The charts of the dashboard, as geometry for the template."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.formats import date_format

from downloads.querysets import reads_everything
from files.hub_days import DayFigures
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.navigation import may_open
from releasehub.core.charts import Chart, stacked_chart


@dataclass(frozen=True)
class DayChart:
    """Bars for the last days, and the same as the rows of a table. `url` leads to the rows of all these days."""

    name: str
    title: str
    total: str
    url: str
    chart: Chart
    rows: list[tuple[str, str]]
    first: str
    last: str


def charts_for(request: HttpRequest, days: list[DayFigures]) -> list[DayChart]:
    charts = []
    since = days[0].day.isoformat()
    if may_open(request, "files_downloadday"):
        url = reverse("admin:files_downloadday_changelist") + f"?day__gte={since}"
        charts.append(_chart("downloads", "Downloads per day", url, days, lambda row: row.downloads, str))
    if reads_everything(admin_actor(request)):
        url = reverse("admin:files_file_changelist") + f"?deleted=all&created_at__gte={since}T00:00:00Z"
        charts.append(_chart("uploads", "Uploads per day", url, days, lambda row: row.uploads, str))
        charts.append(_chart("bytes", "Uploaded per day", url, days, lambda row: row.uploaded_bytes, filesizeformat))
    return charts


def _chart(
    name: str,
    title: str,
    url: str,
    days: list[DayFigures],
    figure: Callable[[DayFigures], int],
    show: Callable[[int], str],
) -> DayChart:
    values = [figure(row) for row in days]
    shown = [(date_format(row.day, "DATE_FORMAT"), show(value)) for row, value in zip(days, values, strict=True)]
    chart = stacked_chart(["0"], [values], [f"{day}: {value}" for day, value in shown])
    return DayChart(name, title, show(sum(values)), url, chart, shown[::-1], shown[0][0], shown[-1][0])
