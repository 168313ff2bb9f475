"""Figures of the whole hub per day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from files.hub_days import last_days, measure_hub_days
from files.models import DownloadDay, File, HubDay
from tests.factories import make_file, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_days_have_downloads_uploads_and_stored_bytes() -> None:
    version = make_version()
    today = timezone.now().date()
    old, new = make_file(version, content=b"four"), make_file(version, name="copy.bin", content=b"four")
    File.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=1))
    for back, downloads in ((0, 5), (1, 7)):
        DownloadDay.objects.create(file=new, day=today - timedelta(days=back), downloads=downloads, bot_downloads=9)
    measure_hub_days()
    before, yesterday, present = last_days(3)
    assert (before.downloads, before.uploads, before.stored_bytes) == (0, 0, None)
    assert (yesterday.downloads, yesterday.uploads, yesterday.uploaded_bytes) == (7, 1, 4)
    assert (present.downloads, present.uploads, present.stored_bytes, present.stored_count) == (5, 1, 4, 1)


def test_later_downloads_change_recent_days_only() -> None:
    file, today = make_file(), timezone.now().date()
    measure_hub_days()
    for back in (0, 2, 3):
        DownloadDay.objects.create(file=file, day=today - timedelta(days=back), downloads=1)
    measure_hub_days()
    assert [row.downloads for row in last_days(4)] == [0, 1, 0, 1]


def test_first_run_measures_a_month(django_assert_max_num_queries: Any) -> None:
    measure_hub_days()
    assert HubDay.objects.count() == 30
    assert measure_hub_days() == 3
    with django_assert_max_num_queries(1):
        last_days(30)
