"""The downloads of one version over time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from files.models import DownloadDay
from tests.factories import make_file, make_user, make_version
from tests.sessions import signed_in
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def page(version: Version) -> str:
    return reverse("pages:desk-version-statistics", args=[version.public_id])


@pytest.fixture
def version(download: Download) -> Version:
    return make_version(download, "1.0.0")


def test_downloads_are_divided_by_file_and_those_of_other_versions_left_out(
    author: Client, download: Download, version: Version
) -> None:
    today = timezone.now().date()
    for name, count in (("tool.zip", 5), ("tool.deb", 2)):
        DownloadDay.objects.create(file=make_file(version, name=name), day=today, downloads=count)
    DownloadDay.objects.create(file=make_file(make_version(download, "2.0.0")), day=today, downloads=100)
    found = author.get(page(version)).context["statistics"]
    assert [(series.name, series.total) for series in found.series] == [("tool.zip", 5), ("tool.deb", 2)]


def test_period_is_chosen(author: Client, version: Version) -> None:
    day = timezone.now().date() - timedelta(days=60)
    DownloadDay.objects.create(file=make_file(version), day=day, downloads=7)
    assert "Nothing was downloaded in this time." in author.get(page(version)).content.decode()
    assert author.get(page(version), {"period": "12m"}).context["statistics"].total == 7


def test_only_the_team_sees_the_page(version: Version) -> None:
    assert signed_in(make_user()).get(page(version)).status_code == 404
