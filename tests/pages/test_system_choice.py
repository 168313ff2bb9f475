"""A visitor chooses the system for which pages offer files, and the pages remember it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from releasehub.distribution.offers import System
from releasehub.pages.system_choice import parse_system
from tests.factories import make_download, make_file, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WINDOWS = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}
COOKIE = "releasehub_system"


@pytest.fixture
def path() -> str:
    version = make_version(make_download(title="Tool"), "1.0.0")
    for platform, architecture in (("linux", "x64"), ("Darwin", "aarch64"), ("windows", "x64")):
        make_file(version, name=f"tool-{platform}.zip", platform=platform, architecture=architecture)
    return str(version.download.path)


def offered(client: Client, url: str) -> list[str]:
    return [file.filename for file in client.get(url, headers=WINDOWS).context["offer"].files]


def test_choice_wins_over_the_browser_and_is_remembered(client: Client, path: str) -> None:
    assert offered(client, path) == ["tool-windows.zip"]
    answer = client.get(f"{path}?system=macos-arm64", headers=WINDOWS)
    assert "You chose macOS arm64." in answer.content.decode()
    assert answer.cookies[COOKIE]["samesite"] == "Lax"
    assert offered(client, path) == offered(client, f"{path}1.0.0/") == ["tool-Darwin.zip"]
    client.get(f"{path}?system=auto", headers=WINDOWS)
    assert offered(client, path) == ["tool-windows.zip"]


def test_page_links_to_the_systems_that_it_has_files_for(client: Client, path: str) -> None:
    text = client.get(path, headers=WINDOWS).content.decode()
    for name in ("linux-x64", "macos-arm64", "windows-x64"):
        assert f'<a href="?system={name}" rel="nofollow">' in text


@pytest.mark.parametrize("name", ["", "beos", "linux-z80", "linux-x64-more", "x" * 5000])
def test_unknown_system_is_ignored(client: Client, path: str, name: str) -> None:
    assert parse_system(name) is None
    client.cookies[COOKIE] = name
    answer = client.get(path, {"system": name}, headers=WINDOWS)
    assert [file.filename for file in answer.context["offer"].files] == ["tool-windows.zip"]
    assert COOKIE not in answer.cookies


def test_known_system_is_read() -> None:
    assert (parse_system("macos"), parse_system("linux-arm64")) == (System("macos"), System("linux", "arm64"))


def test_visitors_with_a_choice_are_anonymous_to_the_cache(client: Client, path: str, settings: LazySettings) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    assert "ETag" not in client.get(
        f"{path}?system=linux-x64", headers=WINDOWS
    )  # it sets the cookie, so it is not cached
    chosen, other = client.get(path, headers=WINDOWS), Client().get(path, headers=WINDOWS)
    assert "Cookie" in chosen["Vary"]
    assert chosen["ETag"] != other["ETag"]
    assert "tool-linux.zip" in str(chosen.content).partition("button large")[2][:200]


def context_of(client: Client, number: int) -> Any:
    version = make_version(make_download(title="Tool"), "1.0.0")
    for place in range(number):
        make_file(version, name=f"tool-{place}.zip")
        make_file(version, name=f"tool-{place}.zip.sig", kind="signature")
    return client.get(version.download.path).context


def test_signatures_are_apart_in_long_lists_only(client: Client) -> None:
    short, long = context_of(client, 2), context_of(client, 5)
    assert (len(short["packages"]), len(short["extras"])) == (4, 0)
    assert (len(long["packages"]), len(long["extras"])) == (5, 5)
