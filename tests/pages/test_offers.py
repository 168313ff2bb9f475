"""What the pages of a download and of a version offer to a visitor, and how they say that there is something else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from releasehub.distribution import links
from releasehub.pages.fetching import commands_for, quote_for_powershell
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_user, make_version, system
from versions.services import update_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
BUTTON = re.compile(r'<a class="button large" href="([^"]+)"')


@pytest.fixture
def release() -> Any:
    version = make_version(make_download(title="Tool"), "1.4.0")
    for platform, architecture in (("linux", "x64"), ("macos", "arm64"), ("macos", "x64"), ("windows", "x64")):
        make_file(version, name=f"tool-{platform}-{architecture}.zip", platform=platform, architecture=architecture)
    return version


def text_of(client: Client, path: str, agent: str = WINDOWS) -> str:
    answer = client.get(path, headers={"User-Agent": agent})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("agent", "buttons"),
    [(WINDOWS, ["windows-x64"]), (MAC, ["macos-arm64", "macos-x64"]), (IPHONE, []), ("curl/8.5", [])],
)
def test_main_button_is_for_the_system_of_the_visitor(
    client: Client, release: Any, agent: str, buttons: list[str]
) -> None:
    text = text_of(client, release.download.path, agent)
    assert BUTTON.findall(text) == [f"/d/tool/1.4.0/tool-{name}.zip" for name in buttons]
    assert ("There is no file for your system" in text) == (agent == IPHONE)
    assert '<a class="plain" href="/d/tool/1.4.0/tool-linux-x64.zip">' in text


def test_system_that_translates_programs_is_told_so(client: Client, release: Any) -> None:
    hints = {"Sec-CH-UA-Platform": '"Windows"', "Sec-CH-UA-Arch": '"arm"', "Sec-CH-UA-Bitness": '"64"'}
    text = client.get(release.download.path, headers={"User-Agent": WINDOWS} | hints).content.decode()
    assert BUTTON.findall(text) == ["/d/tool/1.4.0/tool-windows-x64.zip"]
    assert "There is no file for Windows arm64 alone, but your system runs this one as well." in text
    assert "runs this one as well" not in text_of(client, release.download.path)


def test_download_page_requests_the_architecture_hint_and_varies_on_it(client: Client, release: Any) -> None:
    assert "Sec-CH-UA-Arch" in client.get("/")["Accept-CH"]
    answer = client.get(release.download.path)
    assert "Sec-CH-UA-Arch" in answer["Accept-CH"]
    assert {"User-Agent", "Sec-CH-UA-Arch"} <= set(answer["Vary"].split(", "))


def test_older_version_with_a_file_for_the_system_is_named(client: Client, release: Any) -> None:
    newer = make_version(release.download, "1.5.0")
    make_file(newer, name="tool.tgz", platform="linux")
    text = text_of(client, release.download.path)
    assert BUTTON.findall(text) == []
    assert f'Version <a href="{links.version_path(release)}">1.4.0</a> has a file for it.' in text


def test_prerelease_is_never_the_main_button(client: Client) -> None:
    download = make_download(title="Tool", default_channel="rc")
    prerelease = make_version(download, "2.0.0-rc.1", channel="rc", files=1)
    only = text_of(client, download.path)
    assert (BUTTON.findall(only), "Newest pre-release: 2.0.0-rc.1" in only) == ([], True)
    make_version(download, "1.0.0", files=1)
    text = text_of(client, download.path)
    assert "Newest version: 1.0.0" in text
    assert f'take the pre-release <a href="{links.version_path(prerelease)}">' in text
    assert "The newest stable version is <a href=" in text_of(client, links.version_path(prerelease))


def test_yanked_version_names_its_replacement_and_has_no_button(client: Client, release: Any) -> None:
    make_version(release.download, "1.4.1", files=1)
    move(Move.YANK, actor=system(), version=release, reason="It deletes files")
    text = text_of(client, links.version_path(release))
    assert "It deletes files. Use" in text
    assert ">version 1.4.1</a> instead." in text
    assert BUTTON.findall(text) == []


def test_old_version_says_that_a_newer_one_is_out(client: Client, release: Any) -> None:
    newer = make_version(release.download, "1.5.0", files=1)
    text = text_of(client, links.version_path(release))
    assert f'A newer version is out: <a href="{links.version_path(newer)}">1.5.0</a>' in text
    assert "A newer version is out" not in text_of(client, links.version_path(newer))


def test_commands_suit_each_system(client: Client, release: Any) -> None:
    text = text_of(client, release.download.path)
    for words in (
        "Invoke-WebRequest",
        "Get-FileHash",
        "shasum -a 256 -c",
        "| sha256sum -c",
        "releasehub download tool@",
    ):
        assert words in text
    assert re.search(r'<details class="guide" name="install" open>\s*<summary>.*?Windows, in PowerShell', text)


def test_hostile_name_adds_no_command_in_powershell() -> None:
    file = make_file(name="a’; rm ~ ;‘.zip")
    assert "'./a’’; rm ~ ;‘‘.zip'" in commands_for("windows", "http://hub.example", file)
    assert quote_for_powershell("it's") == "'it''s'"


def test_file_whose_name_contradicts_the_version_is_marked(client: Client) -> None:
    version = make_version(make_download(), "2.0.0")
    make_file(version, name="tool-1.9.0.zip")
    assert "name says 1.9.0" in text_of(client, version.download.path)


def test_secured_file_of_another_system_is_not_linked(client: Client, release: Any) -> None:
    release.files.filter(platform="linux").update(is_secured=True)
    text = text_of(client, release.download.path)
    assert BUTTON.findall(text) == ["/d/tool/1.4.0/tool-windows-x64.zip"]
    assert "/d/tool/1.4.0/tool-linux-x64.zip" not in text


def test_team_and_staff_get_links_to_where_they_manage(client: Client, release: Any) -> None:
    assert "Manage</summary>" not in text_of(client, release.download.path)
    client.force_login(release.download.owner)
    text = text_of(client, release.download.path)
    assert f"/account/downloads/{release.download.public_id}/team/" in text
    assert "/admin/" not in text
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert f"/admin/downloads/download/{release.download.pk}/change/" in text_of(client, release.download.path)
    version_page = text_of(client, links.version_path(release))
    assert f'<a href="/admin/versions/version/{release.pk}/change/">Edit in the admin</a>' in version_page


def test_version_whose_support_ended_says_so_and_names_the_newest_one(client: Client, release: Any) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    update_version(actor=system(), version=release, end_of_support=yesterday)
    text = text_of(client, release.download.path)
    assert "Support for this version ended on" in text
    assert len(BUTTON.findall(text)) == 1
    make_version(release.download, "1.5.0", files=1)
    text = text_of(client, links.version_path(release))
    assert "Support for this version ended on" in text
    assert ">version 1.5.0</a> instead." in text
    assert BUTTON.findall(text) == []


def test_archived_version_names_the_one_to_use(client: Client, release: Any) -> None:
    make_version(release.download, "1.5.0", files=1)
    move(Move.ARCHIVE, actor=system(), version=release)
    text = text_of(client, links.version_path(release))
    assert "This version is archived." in text
    assert ">version 1.5.0</a> instead." in text
    assert BUTTON.findall(text) == []


def test_download_whose_versions_were_all_yanked_says_so(client: Client, release: Any) -> None:
    move(Move.YANK, actor=system(), version=release, reason="It deletes files")
    text = text_of(client, release.download.path)
    assert "No version is offered at the moment." in text
    assert BUTTON.findall(text) == []
