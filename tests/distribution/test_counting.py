"""Download counts: exact under parallel workers, with repeats and resumed downloads ignored and bots counted apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from files.models import DownloadDay, DownloadGrant, File
from releasehub.distribution import links
from releasehub.distribution.counting import aggregate_download_events
from tests.factories import make_file
from tests.racing import ends_of
from versions.models import Version

pytestmark = pytest.mark.django_db


def fetch(file: File, **headers: str) -> int:
    answer: Any = Client().get(links.file_path(file), headers=headers)
    _ = b"".join(answer) if answer.streaming else b""
    return int(answer.status_code)


def counted(file: File) -> tuple[int, int, int]:
    """Return the download counts of the file, its version and its download."""
    aggregate_download_events()
    row = File.objects.select_related("version__download").get(pk=file.pk)
    return row.download_count, row.version.download_count, row.version.download.download_count


def test_each_visitor_counts_once_an_hour() -> None:
    file = make_file()
    for agent in ("curl/8", "curl/8", "wget"):
        fetch(file, **{"User-Agent": agent})
    assert counted(file) == (2, 2, 2)
    fetch(file, **{"User-Agent": "curl/8"})
    assert counted(file) == (2, 2, 2)
    DownloadGrant.objects.update(granted_at=timezone.now() - timedelta(hours=1, seconds=1))
    fetch(file, **{"User-Agent": "curl/8"})
    assert counted(file) == (3, 3, 3)


def test_resumed_head_and_cached_requests_are_not_counted() -> None:
    file = make_file(content=b"0123456789")
    assert file.blob is not None
    for headers in ({"Range": "bytes=5-"}, {"Range": "bytes=99-"}):
        fetch(file, **headers)
    if settings.STORAGE_KIND == "local":  # elsewhere the storage knows what the client has
        assert fetch(file, **{"If-None-Match": f'"{file.blob.sha256}"'}) == 304
    Client().head(links.file_path(file))
    assert counted(file) == (0, 0, 0)
    fetch(file, Range="bytes=0-4")
    assert counted(file) == (1, 1, 1)


def test_bot_downloads_are_counted_separately() -> None:
    file = make_file()
    fetch(file, **{"User-Agent": "Googlebot/2.1"})
    fetch(file, **{"User-Agent": "Mozilla/5.0"})
    assert counted(file) == (1, 1, 1)
    day = DownloadDay.objects.get(file=file)
    assert (day.downloads, day.bot_downloads) == (1, 1)


def test_old_events_are_deleted_and_stay_counted() -> None:
    file = make_file()
    fetch(file)
    aggregate_download_events()
    DownloadGrant.objects.update(granted_at=timezone.now() - timedelta(hours=3))
    assert counted(file) == (1, 1, 1)
    assert DownloadGrant.objects.count() == 0


def test_download_grants_store_no_address_or_user_agent() -> None:
    file = make_file()
    fetch(file, **{"User-Agent": "my own browser"})
    assert "127.0.0.1" not in str(DownloadGrant.objects.values())
    assert "browser" not in str(DownloadGrant.objects.values())


def test_counting_changes_no_etag() -> None:
    file = make_file()
    before = Version.objects.get(pk=file.version_id).updated_at
    fetch(file)
    counted(file)
    assert Version.objects.get(pk=file.version_id).updated_at == before


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_parallel_workers_never_count_an_event_twice() -> None:
    files = [make_file(), make_file()]
    total = 4000
    DownloadGrant.objects.bulk_create(DownloadGrant(file=files[n % 2], visitor=f"{n:032}") for n in range(total))
    _, errors = ends_of([aggregate_download_events] * 6)
    assert errors == []
    assert sum(file.download_count for file in File.objects.all()) == total
    assert sum(day.downloads for day in DownloadDay.objects.all()) == total
