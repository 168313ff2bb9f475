"""The data of the demo: what a visitor of a fresh hub sees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from downloads.models import Download
from files.models import DownloadDay
from releasehub.core.actor import Actor
from releasehub.distribution.statistics import Breakdown, Period, download_statistics
from releasehub.server.demo.curves import Curve
from releasehub.server.demo.data import load_demo
from tests.conftest import begin_with
from versions.models import Version


def build() -> dict[str, Any]:
    load_demo()
    return {}


pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def names_in(title: str, breakdown: Breakdown) -> list[str | None]:
    download = Download.objects.get(title=title)
    found = download_statistics(Actor(), download, Period.MONTHS, breakdown)
    assert found.total == sum(found.totals) > 0
    return [series.name for series in found.series]


@begin_with(build)
def test_statistics_show_versions_and_systems(world: dict[str, Any]) -> None:
    assert set(names_in("Packsmith", Breakdown.VERSION)) >= {"1.3.0", "1.4.0", "1.4.2", "2.0.0-rc.1"}
    assert names_in("Packsmith", Breakdown.PLATFORM) == ["linux", "windows", "macos"]
    assert names_in("Emberfall Sample Textures", Breakdown.PLATFORM) == [""]


@begin_with(build)
def test_totals_are_the_sums_of_the_days(world: dict[str, Any]) -> None:
    for download in Download.objects.all():
        days = DownloadDay.objects.filter(file__version__download=download).values_list("downloads", flat=True)
        versions = Version.objects.filter(download=download).values_list("download_count", flat=True)
        assert download.download_count == sum(days) == sum(versions) > 0
    assert not DownloadDay.objects.filter(file__version__state="draft").exists()


def test_curve_peaks_after_the_release_and_fades_after_the_next() -> None:
    monday = date(2026, 3, 2)
    days = dict(Curve(100, monday, monday + timedelta(days=28), "seed").until(monday + timedelta(days=60)))
    assert days == dict(Curve(100, monday, monday + timedelta(days=28), "seed").until(monday + timedelta(days=60)))
    first, later, replaced = (days[monday + timedelta(days=back)] for back in (0, 21, 56))
    assert first > 1.5 * later > 15 * replaced
    assert days[monday + timedelta(days=19)] < 0.8 * later  # a Saturday
