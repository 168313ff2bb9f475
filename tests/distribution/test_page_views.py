"""Views of the pages of downloads: who counts, how often, and what happens if the database fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from downloads.models import Download, PageView
from releasehub.accounts.models import User
from releasehub.distribution import page_views
from releasehub.distribution.page_views import aggregate_page_views
from tests.factories import make_download, make_user

pytestmark = pytest.mark.django_db


def see(download: Download, agent: str = "Mozilla/5.0", user: User | None = None) -> None:
    client = Client(headers={"User-Agent": agent})
    if user:
        client.force_login(user)
    assert client.get(download.path).status_code == 200


def views(download: Download) -> int:
    aggregate_page_views()
    return Download.objects.get(pk=download.pk).view_count


def test_each_visitor_counts_once_an_hour() -> None:
    download = make_download()
    for agent in ("Mozilla/5.0", "Mozilla/5.0", "Safari/18"):
        see(download, agent)
    assert views(download) == 2
    see(download)
    assert views(download) == 2
    PageView.objects.update(hour=timezone.now() - timedelta(hours=3))
    see(download)
    assert views(download) == 3
    assert PageView.objects.count() == 1  # old views are deleted


def test_crawlers_the_team_and_head_requests_do_not_count() -> None:
    download = make_download()
    see(download, "Googlebot/2.1")
    see(download, user=download.owner)
    Client().head(download.path)
    assert views(download) == 0
    see(download, user=make_user())
    assert views(download) == 1


def test_database_error_does_not_fail_the_page(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("The disk is full.")

    monkeypatch.setattr(page_views, "insert_all", fail)
    download = make_download()
    see(download)
    assert "was not counted" in caplog.text
    assert views(download) == 0
