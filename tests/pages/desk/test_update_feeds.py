"""The page with the feeds for updaters on the author's desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from downloads.services import update_download
from files.models import Blob
from tests.factories import make_download, make_file, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def download() -> Any:
    return make_download(title="App", owner=make_user("ann"))


def page(client: Client, download: Any, query: str = "") -> str:
    client.force_login(download.owner)
    response = client.get(reverse("pages:desk-feeds", args=[download.public_id]) + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_page_says_what_each_system_is_offered(client: Client, download: Any) -> None:
    version = make_version(download, "2.1.0", rollout_percent=20)
    make_file(version, name="App Setup.exe")
    make_file(version, name="App Setup.exe.blockmap")
    make_file(version, name="App.AppImage")
    text = page(client, download)
    assert "url: http://testserver/feeds/app/electron</code>" in text
    assert 'offers 2.1.0: App Setup.exe</span> <span class="meta">with a block map, for small updates' in text
    assert 'offers 2.1.0: App.AppImage</span> <span class="meta">without a block map' in text
    assert "rolling out to 20 %" in text
    assert text.count("offers nothing yet") == 2


def test_page_shows_another_channel_and_the_key_of_a_private_download(client: Client, download: Any) -> None:
    make_file(make_version(download, "3.0.0-beta.1"), name="App.exe")
    update_download(actor=system(), download=download, visibility="private")
    text = page(client, download, "?channel=beta")
    assert "url: http://testserver/feeds/app/channel/beta/electron?key=rhk_…" in text
    assert "offers 3.0.0-beta.1: App.exe" in text


def test_page_compares_the_update_information_of_an_app_image(client: Client, download: Any) -> None:
    file = make_file(make_version(download, "2.1.0"), name="App-2.1.0-x86_64.AppImage")
    advice = "zsync|http://testserver/d/app/channel/stable/App-x86_64.AppImage.zsync"
    text = page(client, download)
    assert "does not say where its updates are" in text
    assert f">{advice}</code>" in text
    Blob.objects.filter(pk=file.blob_id).update(update_information="gh-releases-zsync|a|b|latest|*.zsync")
    assert "looks for its updates elsewhere: <code>gh-releases-zsync|a|b|latest|*.zsync" in page(client, download)
    Blob.objects.filter(pk=file.blob_id).update(update_information=advice)
    assert f"looks for its updates here: <code>{advice}" in page(client, download)


def test_page_is_for_the_team_and_takes_the_same_number_of_queries(client: Client, download: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, download)
        return len(captured)

    make_file(make_version(download, "1.0.0"), name="App.exe")
    page(client, download)
    few = queries()
    for minor in range(1, 6):
        make_file(make_version(download, f"1.{minor}.0"), name="App.exe")
    assert queries() == few
    client.force_login(make_user("ben"))
    assert client.get(reverse("pages:desk-feeds", args=[download.public_id])).status_code == 404
