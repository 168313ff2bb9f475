"""The invented downloads of the demo, which its statistics show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from downloads.models import Download
from files.hub_days import last_days
from files.models import DownloadDay
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.distribution.statistics import Breakdown, Period, download_statistics
from releasehub.search.criteria import Criteria
from releasehub.search.queries import search_downloads
from releasehub.server.demo.catalog import DOWNLOADS, DemoDownload, DemoVersion
from releasehub.server.demo.data import load_demo
from releasehub.server.demo.traffic import Curve, add_traffic
from tests.factories import make_download, make_file, make_version
from versions.models import Version

pytestmark = pytest.mark.embedded
BUILDS = (("linux", "x64"), ("windows", "x64"))
DEMO = DemoDownload(
    title="Tool",
    category="Tools",
    tag_line="",
    description="",
    daily_downloads=100,
    versions=(
        DemoVersion("1.0", 90, ""),
        DemoVersion("1.1", 20, ""),
        DemoVersion("2.0-rc.1", 5, "", channel="rc"),
        DemoVersion("2.0", 0, "", state="draft"),
    ),
)


@pytest.mark.django_db
def test_statistics_show_published_versions_and_systems() -> None:
    download = make_download()
    for demo in DEMO.versions:
        version = make_version(download, demo.number, channel=demo.channel, state=demo.state)
        for platform, architecture in BUILDS:
            make_file(version, platform=platform, architecture=architecture)
    add_traffic(download, DEMO)
    by_version, by_platform = (
        download_statistics(Actor(), download, Period.MONTHS, breakdown)
        for breakdown in (Breakdown.VERSION, Breakdown.PLATFORM)
    )
    assert [series.name for series in by_version.series] == ["1.0", "1.1", "2.0-rc.1"]
    assert [series.name for series in by_platform.series] == ["linux", "windows"]
    download.refresh_from_db()
    assert download.download_count == sum(DownloadDay.objects.values_list("downloads", flat=True)) > 0
    assert not DownloadDay.objects.filter(file__version__state="draft").exists()


def test_every_download_of_the_demo_has_traffic() -> None:
    assert [demo.title for demo in DOWNLOADS if not demo.daily_downloads] == []


def test_curve_peaks_after_the_release_and_fades_after_the_next() -> None:
    monday = date(2026, 3, 2)
    days = dict(Curve(100, monday, monday + timedelta(days=28), "seed").until(monday + timedelta(days=60)))
    assert days == dict(Curve(100, monday, monday + timedelta(days=28), "seed").until(monday + timedelta(days=60)))
    first, later, replaced = (days[monday + timedelta(days=back)] for back in (0, 21, 56))
    assert first > 1.5 * later > 15 * replaced
    assert days[monday + timedelta(days=19)] < 0.8 * later  # a Saturday


@pytest.mark.django_db
def test_desk_and_dashboard_of_the_administrator_show_all_that_they_can(local_storage: Any) -> None:
    load_demo()
    assert search_downloads(Actor(), Criteria(text="paksmith")).corrected_text == "packsmith"
    admin = User.objects.get(username="administrator")
    assert set(Version.objects.filter(download__owner=admin).values_list("state", flat=True)) >= {
        "draft",
        "scheduled",
        "published",
    }
    client = Client()
    client.force_login(admin)
    for path in ("access-keys", "webhooks"):
        assert client.get(f"/account/{path}/").context["page"].object_list
    packsmith, draft = (Download.objects.get(title=title) for title in ("Packsmith", "Shelfmark"))
    people = client.get(f"/account/downloads/{packsmith.public_id}/team/").content.decode()
    assert ("ann" in people, "ben" in people) == (True, True)
    assert client.get(f"/account/downloads/{draft.public_id}/").context["steps"]
    assert sum(day.downloads > 0 for day in last_days(30)) > 20  # the charts of the dashboard
    assert client.get(f"/account/downloads/{packsmith.public_id}/activity/").context["page"].object_list
    latest = client.get("/northwind-tools/packsmith/releases/latest")
    assert latest["Location"] == "/northwind-tools/packsmith/releases/tag/v1.4.2"
