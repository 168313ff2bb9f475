"""The control file of zsync for the newest version, under a URL that stays the same for all versions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasehub.distribution.access_keys import issue_access_key
from tests.factories import make_download, make_file, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def download() -> Any:
    return make_download(title="App")


def add(download: Any, number: str, *names: str, **fields: Any) -> Version:
    version = make_version(download, number, **fields)
    for name in names:
        make_file(version, name=name)
    return version


NAMES = [
    ("App-x86_64.AppImage.zsync", "App-2.0.0-x86_64.AppImage.zsync"),
    ("app-X86_64.appimage.zsync", "App-2.0.0-x86_64.AppImage.zsync"),
    ("App-2.0.0-x86_64.AppImage.zsync", "App-2.0.0-x86_64.AppImage.zsync"),
    ("App.AppImage.zsync", "App_v2.0.0.AppImage.zsync"),
    ("App.AppImage.zsync", "2.0.0-App.AppImage.zsync"),
    ("Plain.AppImage.zsync", "Plain.AppImage.zsync"),
]


@pytest.mark.parametrize(("target", "name"), NAMES)
def test_newest_control_file_is_found_without_its_number(client: Client, download: Any, target: str, name: str) -> None:
    add(download, "1.0.0", name.replace("2.0.0", "1.0.0"))
    add(download, "2.0.0", name, "Other-2.0.0-arm64.AppImage.zsync")
    for place in ("channel/stable", "latest", "latest-2.x"):
        response = client.get(f"/d/app/{place}/{target}")
        assert (response.status_code, response["Location"]) == (302, f"/d/app/2.0.0/{name}")
        assert (response["Cache-Control"], response["X-ReleaseHub-Version"]) == ("no-cache", "2.0.0")


def test_version_without_the_file_is_passed_over(client: Client, download: Any) -> None:
    add(download, "1.0.0", "App-1.0.0-arm64.AppImage.zsync")
    add(download, "2.0.0", "App-2.0.0.AppImage.zsync")
    assert client.get("/d/app/latest/App-arm64.AppImage.zsync")["Location"].startswith("/d/app/1.0.0/")
    assert client.get("/d/app/latest/Other.AppImage.zsync").status_code == 404


def test_longer_number_is_not_cut(client: Client, download: Any) -> None:
    add(download, "1.2", "App-1.2.3.AppImage.zsync")
    assert client.get("/d/app/latest/App.3.AppImage.zsync").status_code == 404


def test_channel_and_access_key_stay_in_the_redirect(client: Client, download: Any) -> None:
    _, secret = issue_access_key(actor=system(), download=download, name="A customer")
    add(download, "2.0.0-beta.1", "App-2.0.0-beta.1.AppImage.zsync", channel="beta")
    response = client.get(f"/d/app/channel/beta/App.AppImage.zsync?key={secret}")
    assert response["Location"] == f"/d/app/2.0.0-beta.1/App-2.0.0-beta.1.AppImage.zsync?channel=beta&key={secret}"


def test_control_file_is_never_the_file_of_a_platform(client: Client, download: Any) -> None:
    version = add(download, "2.0.0", "App-2.0.0.AppImage.zsync", "App-2.0.0.exe.blockmap")
    package = make_file(version, name="App-2.0.0.AppImage", content=b"image", platform="linux")
    package.refresh_from_db()
    assert package.is_primary
    assert client.get("/d/app/latest/linux").getvalue() == b"image"
