"""The downloads of a product over time, and who sees them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from downloads.services import update_download
from files.models import DownloadDay
from releasehub.core.actor import Actor
from releasehub.core.charts import round_up, stacked_chart
from releasehub.core.errors import Denied
from releasehub.distribution.statistics import Breakdown, Period, download_statistics, starts_of
from releasehub.distribution.statistics_export import statistics_csv
from tests.factories import make_download, make_file, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ANYBODY = Actor()


@pytest.fixture
def download() -> Any:
    """A download with two public versions, and a draft that somebody of the team fetched."""
    download = make_download(title="Tool")
    count(make_version(download, "1.0.0"), "linux", {0: 4, 1: 2, 40: 7})
    newer = make_version(download, "2.0.0")
    count(newer, "Darwin", {0: 10})
    count(newer, "macos", {2: 1})
    count(make_version(download, "3.0.0", state="draft"), "linux", {0: 100})
    return download


def count(version: Any, platform: str, days: dict[int, int]) -> None:
    file = make_file(version, platform=platform)
    for back, downloads in days.items():
        day = timezone.now().date() - timedelta(days=back)
        DownloadDay.objects.create(file=file, day=day, downloads=downloads, bot_downloads=1000)


def totals_of(download: Any, actor: Actor, *parts: Any) -> dict[str | None, int]:
    found = download_statistics(actor, download, *parts)
    assert all(len(series.counts) == len(found.starts) for series in found.series)
    return {series.name: series.total for series in found.series}


@pytest.mark.parametrize(
    ("parts", "totals"),
    [
        ((Period.DAYS, Breakdown.VERSION), {"2.0.0": 11, "1.0.0": 6}),
        ((Period.DAYS, Breakdown.PLATFORM), {"macos": 11, "linux": 6}),
        ((Period.MONTHS, Breakdown.VERSION), {"1.0.0": 13, "2.0.0": 11}),
    ],
)
def test_downloads_of_public_versions_are_added_up(download: Any, parts: Any, totals: dict[str | None, int]) -> None:
    assert totals_of(download, ANYBODY, *parts) == totals


def test_days_are_in_order_with_today_last(download: Any) -> None:
    found = download_statistics(ANYBODY, download, Period.DAYS, Breakdown.VERSION)
    assert (found.totals[-3:], found.starts[-1], len(found.starts)) == ([1, 2, 14], timezone.now().date(), 30)


def test_months_cross_the_turn_of_the_year() -> None:
    starts = starts_of(Period.MONTHS, date(2026, 3, 31))
    assert (starts[0], starts[-1], len(starts)) == (date(2025, 4, 1), date(2026, 3, 1), 12)


def test_many_versions_are_added_up_as_others() -> None:
    download = make_download()
    for number in range(8):
        count(make_version(download, f"1.{number}.0"), "", {0: number + 1})
    assert totals_of(download, ANYBODY, Period.DAYS, Breakdown.VERSION) == {
        **{f"1.{number}.0": number + 1 for number in (7, 6, 5, 4, 3)},
        None: 1 + 2 + 3,
    }


def test_team_sees_versions_that_are_not_public(download: Any) -> None:
    owner = Actor(user=download.owner)
    assert totals_of(download, owner, Period.DAYS, Breakdown.VERSION)["3.0.0"] == 100


def test_statistics_that_are_turned_off_are_for_the_team(client: Client, download: Any) -> None:
    link = f"{download.path}about/statistics/"
    assert link in client.get(download.path).content.decode()
    download = update_download(actor=system(), download=download, shows_statistics=False)
    with pytest.raises(Denied):
        download_statistics(ANYBODY, download, Period.DAYS, Breakdown.VERSION)
    assert client.get(link).status_code == 403
    assert link not in client.get(download.path).content.decode()
    client.force_login(download.owner)
    assert "Only the team sees this page" in client.get(link).content.decode()


def test_page_has_a_chart_and_a_table_with_the_same_figures(client: Client, download: Any) -> None:
    answer = client.get(f"{download.path}about/statistics/?by=platform")
    text = answer.content.decode()
    assert text.count("<rect") == 2 + 4  # the legend, and four counts
    assert [row[1:] for row in answer.context["rows"][:3]] == [(14, (10, 4)), (2, (0, 2)), (1, (1, 0))]
    cache.clear()
    DownloadDay.objects.all().delete()
    assert "Nothing was downloaded in this time" in client.get(f"{download.path}about/statistics/").content.decode()


def test_bars_are_stacked_from_the_bottom() -> None:
    chart = stacked_chart(["0", "1"], [[10, 0], [30, 40]], ["a", "b"])
    assert chart.top == 40
    assert [(part.y, part.height) for part in chart.bars[0].segments] == [("75.00", "25.00"), ("0.00", "75.00")]
    assert [(part.name, part.y) for part in chart.bars[1].segments] == [("1", "0.00")]


@pytest.mark.parametrize(("value", "top"), [(0, 2), (3, 4), (41, 50), (277, 300), (1001, 2000)])
def test_scale_ends_at_a_round_number(value: int, top: int) -> None:
    assert round_up(value) == top


def test_csv_has_every_day_and_adds_up_spellings_of_a_platform(client: Client, download: Any) -> None:
    answer = client.get(download.path + "about/statistics.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{download.slug}-statistics.csv"'
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode()))
    today = timezone.now().date()
    days = {back: (today - timedelta(days=back)).isoformat() for back in (0, 1, 2, 40)}
    assert header == ["day", "version", "channel", "platform", "architecture", "downloads"]
    assert rows == [
        [days[40], "1.0.0", "stable", "linux", "", "7"],
        [days[2], "2.0.0", "stable", "macos", "", "1"],
        [days[1], "1.0.0", "stable", "linux", "", "2"],
        [days[0], "1.0.0", "stable", "linux", "", "4"],
        [days[0], "2.0.0", "stable", "macos", "", "10"],
    ]
    client.force_login(download.owner)
    assert '"3.0.0"' in client.get(download.path + "about/statistics.csv").getvalue().decode()


def test_csv_is_for_those_who_may_see_the_page(client: Client, download: Any) -> None:
    update_download(actor=system(), download=download, shows_statistics=False)
    assert client.get(download.path + "about/statistics.csv").status_code == 403
    client.force_login(download.owner)
    assert client.get(download.path + "about/statistics.csv").status_code == 200


def test_csv_adds_up_two_spellings_on_one_day(download: Any) -> None:
    version = make_version(download, "4.0.0")
    count(version, "Darwin", {3: 10})
    count(version, "osx", {3: 1})
    (line,) = [line for line in statistics_csv(ANYBODY, download) if '"4.0.0"' in line]
    assert line.endswith('"macos","","11"\r\n')
