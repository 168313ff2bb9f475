"""The downloads of a product over time over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.services import update_download
from files.models import DownloadDay
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def download() -> Any:
    file = make_file(make_version(make_download(), "1.0.0"), platform="linux")
    DownloadDay.objects.create(file=file, day=timezone.now().date(), downloads=7)
    return file.version.download


def get(download: Any, query: str = "", user: Any = None) -> Any:
    answer = ApiClient(make_key(user)).get(f"/api/downloads/{download.pk}/statistics{query}")
    check("/api/downloads/{download_id}/statistics", "get", answer)
    return answer


def test_downloads_are_counted_by_version_and_platform(download: Any) -> None:
    days, months = get(download).json(), get(download, "?period=12m&by=platform").json()
    assert (days["period"], days["by"], days["total"], len(days["starts"])) == ("30d", "version", 7, 30)
    assert days["starts"][-1] == timezone.now().date().isoformat()
    assert days["series"] == [{"name": "1.0.0", "total": 7, "counts": [0] * 29 + [7]}]
    assert (months["series"][0]["name"], months["totals"]) == ("linux", [0] * 11 + [7])


def test_statistics_that_are_turned_off_are_for_the_team(download: Any) -> None:
    download = update_download(actor=system(), download=download, shows_statistics=False)
    assert get(download).status_code == 403
    assert get(download, user=download.owner).status_code == 200


def test_anonymous_callers_read_those_of_public_downloads(client: Client, download: Any) -> None:
    assert client.get(f"/api/downloads/{download.pk}/statistics").json()["total"] == 7


def test_other_values_and_hidden_downloads_are_refused(download: Any) -> None:
    assert get(download, "?period=1y").status_code == 400
    hidden = make_download(visibility="private")
    assert get(hidden, user=make_user()).status_code == 404


def test_csv_needs_the_same_rights(client: Client, download: Any) -> None:
    path = f"/api/downloads/{download.pk}/statistics.csv"
    assert '"1.0.0","stable","linux","","7"' in client.get(path).getvalue().decode()
    download = update_download(actor=system(), download=download, shows_statistics=False)
    assert client.get(path).json()["errors"][0]["code"] == "do_not_have_permission"
    assert ApiClient(make_key(download.owner)).get(path).status_code == 200
