"""The feeds of electron-updater over HTTP: which version, which files, for whom, and how caches may store them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Download
from downloads.services import update_download
from files.models import File
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.pages import rendered_notes
from tests.conftest import Ready
from tests.factories import make_download, make_file, make_key, make_version, system
from versions.models import Version
from versions.numbering import parse

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
MAX_QUERIES = 4


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(partial(make_download, title="App")) as made:
        yield made


@pytest.fixture
def download(world: Download) -> Any:
    return world


def publish(download: Download, number: str, *names: str, **fields: Any) -> Version:
    version = make_version(download, number, **fields)
    for name in names:
        make_file(version, name=name, content=f"{number} {name}".encode())
    return version


def read(client: Client, path: str, **headers: str) -> dict[str, Any]:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, response.content
    return dict(yaml.safe_load(response.content))


def names_in(feed: dict[str, Any]) -> list[str]:
    return [urlsplit(file["url"]).path.rpartition("/")[2] for file in feed["files"]]


def test_feed_has_what_the_client_verifies_and_links_that_lead_to_the_file(client: Client, download: Any) -> None:
    version = publish(download, "2.0.0", "App-Setup-2.0.0.exe", release_notes="Faster")
    feed = read(client, "/feeds/app/electron/latest.yml")
    [file] = feed["files"]
    content = b"2.0.0 App-Setup-2.0.0.exe"
    assert base64.b64decode(file["sha512"]) == hashlib.sha512(content).digest()
    assert (file["size"], feed["path"], feed["sha512"]) == (len(content), file["url"], file["sha512"])
    assert file["url"] == "http://testserver/d/app/2.0.0/App-Setup-2.0.0.exe"
    assert client.get(file["url"]).getvalue() == content
    assert (feed["version"], feed["releaseNotes"], feed["releaseName"]) == ("2.0.0", "Faster", "App 2.0.0")
    assert feed["releaseDate"].startswith(f"{version.published_at:%Y-%m-%dT%H:%M:%S}")
    assert "blockMapSize" not in file


FEEDS = {
    "latest": ["App-Setup-2.0.0.exe", "App-Setup-2.0.0-arm64.exe"],
    "latest-mac": ["App-2.0.0-mac.zip", "App-2.0.0-arm64-mac.zip", "App-2.0.0.dmg"],
    "latest-linux": ["App-2.0.0.AppImage", "app_2.0.0_amd64.deb"],
    "latest-linux-arm64": ["App-2.0.0-arm64.AppImage"],
    "latest-linux-arm": ["App-2.0.0-armv7l.AppImage"],
    "latest-linux-ia32": ["App-2.0.0-i386.AppImage"],
}
OTHERS = [
    "source.zip",
    "app-machine.zip",
    "App-portable-2.0.0.exe",
    "App-Setup-2.0.0.exe.blockmap",
    "App-2.0.0.tar.gz",
    "latest.yml",
]


def test_feed_lists_the_files_of_its_system_the_main_one_first(client: Client, download: Any) -> None:
    publish(download, "2.0.0", *reversed([file for names in FEEDS.values() for file in names]), *OTHERS)
    assert {name: names_in(read(client, f"/feeds/app/electron/{name}.yml")) for name in FEEDS} == FEEDS


def test_declared_architecture_and_platform_win_over_the_name(client: Client, download: Any) -> None:
    version = make_version(download, "2.0.0")
    make_file(version, name="one.AppImage", architecture="aarch64", platform="linux")
    make_file(version, name="arm64-tools.AppImage", architecture="amd64", platform="linux")
    make_file(version, name="App.zip", platform="darwin")
    make_file(version, name="mac-tools.zip", platform="windows")
    assert names_in(read(client, "/feeds/app/electron/latest-linux-arm64.yml")) == ["one.AppImage"]
    assert names_in(read(client, "/feeds/app/electron/latest-linux.yml")) == ["arm64-tools.AppImage"]
    assert names_in(read(client, "/feeds/app/electron/latest-mac.yml")) == ["App.zip"]


def test_system_without_a_checked_file_stays_at_the_version_before(client: Client, download: Any) -> None:
    publish(download, "1.0.0", "App.exe", "App-mac.zip")
    newer = publish(download, "2.0.0", "App.exe", "App-mac.zip")
    File.objects.filter(version=newer, filename="App-mac.zip").update(validation_status="pending")
    assert read(client, "/feeds/app/electron/latest-mac.yml")["version"] == "1.0.0"
    assert read(client, "/feeds/app/electron/latest.yml")["version"] == "2.0.0"


def test_min_age_leads_to_the_version_that_has_been_public_for_so_long(client: Client, download: Any) -> None:
    old, new = (publish(download, number, "App.exe") for number in ("1.0.0", "2.0.0"))
    Version.objects.filter(pk=old.pk).update(public_since=timezone.now() - timedelta(days=8))
    path = "/feeds/app/electron/latest.yml"
    assert [read(client, path + query)["version"] for query in ("", "?min_age=7d")] == ["2.0.0", "1.0.0"]
    Version.objects.filter(pk=new.pk).update(is_security_release=True)
    versions = [read(client, f"{path}?min_age=7d{query}")["version"] for query in ("", "&security=0")]
    assert versions == ["2.0.0", "1.0.0"]
    assert client.get(f"{path}?min_age=soon").status_code == 400


SPOILERS: dict[str, dict[str, Any]] = {
    "draft": {"state": "draft"},
    "pending": {"state": "pending"},
    "scheduled": {"state": "scheduled", "publish_at": timezone.now() + timedelta(days=1)},
    "unlisted": {"visibility": "unlisted"},
    "private": {"visibility": "private"},
    "yanked": {"yanked_at": timezone.now()},
    "deleted": {"deleted_at": timezone.now()},
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_versions_that_update_checks_do_not_offer_are_left_out(client: Client, download: Any, spoiler: str) -> None:
    publish(download, "1.0.0", "App.exe")
    newer = publish(download, "2.0.0", "App.exe")
    Version.objects.filter(pk=newer.pk).update(**SPOILERS[spoiler])
    assert read(client, "/feeds/app/electron/latest.yml")["version"] == "1.0.0"


def test_channel_is_named_by_the_file_or_by_the_folder(client: Client, download: Any) -> None:
    publish(download, "1.0.0", "App.exe")
    publish(download, "2.0.0-beta.1", "App.exe", channel="beta")
    publish(download, "9.0.0", "App.exe", channel="Insiders")
    found = {name: read(client, f"/feeds/app/{name}.yml")["version"] for name in CHANNELS}
    assert found == CHANNELS


CHANNELS = {
    "electron/latest": "1.0.0",
    "electron/stable": "1.0.0",
    "electron/beta": "2.0.0-beta.1",
    "electron/alpha": "2.0.0-beta.1",
    "electron/insiders": "9.0.0",
    "channel/beta/electron/latest": "2.0.0-beta.1",
    "channel/insiders/electron/latest": "9.0.0",
    "electron/unknown": "0.0.0",
}


def test_rollout_is_decided_by_the_client(client: Client, download: Any) -> None:
    publish(download, "2.0.0", "App.exe", rollout_percent=20)
    feed = read(client, "/feeds/app/electron/latest.yml", **{"X-User-Staging-Id": "client-1"})
    assert (feed["version"], feed["stagingPercentage"]) == ("2.0.0", 20)


def test_number_is_padded_in_the_feed_and_in_the_links(client: Client, download: Any) -> None:
    publish(download, "1.4", "App Setup 1.4.0.exe")
    feed = read(client, "/feeds/app/electron/latest.yml")
    assert feed["version"] == "1.4.0"
    assert feed["path"] == "http://testserver/d/app/1.4.0/App%20Setup%201.4.0.exe"
    assert client.get(feed["path"]).getvalue() == b"1.4 App Setup 1.4.0.exe"


def test_version_without_a_number_in_semver_is_passed_over(client: Client, download: Any) -> None:
    publish(download, "1.2.3", "App.exe")
    for part in range(4, 8):
        publish(download, f"1.2.3.{part}", "App.exe")
    assert read(client, "/feeds/app/electron/latest.yml")["version"] == "1.2.3"


def test_nothing_published_is_an_old_version_and_not_an_error(client: Client, download: Any) -> None:
    assert read(client, "/feeds/app/electron/latest.yml")["version"] == "0.0.0"
    publish(download, "2.0.0", "App.exe")
    assert read(client, "/feeds/app/electron/latest-mac.yml")["version"] == "0.0.0"
    assert client.get("/feeds/unknown/electron/latest.yml").status_code == 404


def test_notes_are_html_or_the_notes_of_all_versions_on_request(client: Client, download: Any) -> None:
    publish(download, "1.0.0", "App.exe", release_notes="First")
    publish(download, "1.1.0", "App.exe")
    publish(download, "2.0.0", "App.exe", release_notes="**New** <script>")
    html = read(client, "/feeds/app/electron/latest.yml?notes=html")["releaseNotes"]
    assert "<strong>New</strong>" in html
    assert "<script" not in html
    notes = read(client, "/feeds/app/electron/latest.yml?changelog=full")["releaseNotes"]
    assert notes == [{"version": "2.0.0", "note": "**New** <script>"}, {"version": "1.0.0", "note": "First"}]


def test_feed_renders_as_many_notes_as_it_can_take_the_time_for(
    client: Client, download: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rendered_notes, "MAX_CHARACTERS", 10)
    for number, notes in (("1.0.0", "abcd"), ("1.1.0", "abcdefgh"), ("1.2.0", "abcdef")):
        publish(download, number, "App.exe", release_notes=notes)
    settings.MAX_NOTES_CHARACTERS = 5
    notes = read(client, "/feeds/app/electron/latest.yml?changelog=full&notes=html")["releaseNotes"]
    assert [note["version"] for note in notes] == ["1.2.0", "1.0.0"]


def test_etag_head_and_cache_headers(client: Client, download: Any) -> None:
    publish(download, "2.0.0", "App.exe")
    response = client.get("/feeds/app/electron/latest.yml?noCache=1")
    assert response["Cache-Control"] == "public, max-age=60"
    assert "Authorization" in response["Vary"]
    again = client.get("/feeds/app/electron/latest.yml", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head("/feeds/app/electron/latest.yml")
    assert (head.status_code, head["ETag"], head.content) == (200, response["ETag"], b"")
    assert client.post("/feeds/app/electron/latest.yml").status_code == 405


def test_renamed_download_redirects_with_the_query(client: Client, download: Any) -> None:
    publish(download, "2.0.0", "App.exe")
    update_download(actor=system(), download=download, slug="renamed")
    response = client.get("/feeds/app/channel/beta/electron/latest-mac.yml?notes=html")
    assert response.status_code == 308
    assert response["Location"] == "/feeds/renamed/channel/beta/electron/latest-mac.yml?notes=html"


@pytest.fixture
def private(download: Any) -> Any:
    publish(download, "2.0.0", "App Setup.exe")
    return update_download(actor=system(), download=download, visibility="private")


def test_private_feed_opens_with_each_form_of_a_credential(client: Client, private: Any) -> None:
    key, secret = issue_access_key(actor=system(), download=private, name="A customer")
    api_key = make_key(private.owner)
    basic = base64.b64encode(f"x:{api_key}".encode()).decode()
    assert client.get("/feeds/app/electron/latest.yml").status_code == 404
    for headers in ({"Authorization": f"{scheme} {text}"} for scheme, text in SCHEMES(api_key, basic)):
        assert read(client, "/feeds/app/electron/latest.yml", **headers)["version"] == "2.0.0"
    for path in (f"/feeds/app/electron/latest.yml?key={secret}", f"/feeds/app/k/{secret}/electron/latest.yml"):
        response = client.get(path)
        assert response["Cache-Control"] == "private, no-store"
        assert yaml.safe_load(response.content)["version"] == "2.0.0"
        revoke_access_key(actor=system(), key=key) if "/k/" in path else None
        assert client.get(path).status_code == (403 if "/k/" in path else 200)


def SCHEMES(api_key: str, basic: str) -> list[tuple[str, str]]:  # noqa: N802 - a table with two unknowns
    return [("Bearer", api_key), ("token", api_key), ("Basic", basic)]


def test_links_carry_the_key_only_if_the_client_cannot(client: Client, private: Any) -> None:
    _, secret = issue_access_key(actor=system(), download=private, name="A customer")
    in_query = read(client, f"/feeds/app/electron/latest.yml?key={secret}")["path"]
    in_path = read(client, f"/feeds/app/k/{secret}/electron/latest.yml")["path"]
    assert secret not in in_query
    assert in_path == f"{in_query}?key={secret}"
    assert client.get(in_path).getvalue() == b"2.0.0 App Setup.exe"


def test_links_name_channel_and_platform_in_their_path(client: Client, download: Any) -> None:
    for channel in ("stable", "beta"):
        publish(download, "2.0.0", "App.exe", channel=channel, platforms=["linux"])
        twin = make_version(download, "2.0.0", channel=channel, platforms=["windows"])
        make_file(twin, name="App.exe", content=f"{channel} windows".encode())
    for name, place in (("latest", "platform/windows"), ("beta", "channel/beta/platform/windows")):
        [file] = read(client, f"/feeds/app/electron/{name}.yml?notes=html")["files"]
        assert file["url"] == f"http://testserver/d/app/{place}/2.0.0/App.exe"
        content = client.get(f"{file['url']}?notes=html").getvalue()
        assert content == f"{'stable' if name == 'latest' else 'beta'} windows".encode()
        assert base64.b64decode(file["sha512"]) == hashlib.sha512(content).digest()


def test_version_in_another_channel_is_linked_through_it(client: Client, download: Any) -> None:
    publish(download, "2.0.0", "App.exe", channel="beta")
    feed = read(client, "/feeds/app/electron/beta.yml")
    assert feed["path"] == "http://testserver/d/app/channel/beta/2.0.0/App.exe"
    assert client.get(feed["path"]).getvalue() == b"2.0.0 App.exe"


def test_key_offers_only_versions_that_it_opens(client: Client, private: Any) -> None:
    _, secret = issue_access_key(actor=system(), download=private, name="A customer", highest_number="2")
    publish(private, "3.0.0", "App.exe")
    assert read(client, f"/feeds/app/electron/latest.yml?key={secret}")["version"] == "2.0.0"


HOSTILE_NAMES = ["a b #1 %41.exe", "it's; & = + $ @ ! ~.exe", "é 漢字 😀.exe", "]] (1) {x} ^`.exe"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_files_with_hostile_names_and_notes_download_by_their_links(client: Client, download: Any, name: str) -> None:
    publish(download, "2.0.0", name, release_notes="]]> \"'\n---\n... <b>&\u2028")
    feed = read(client, "/feeds/app/electron/latest.yml")
    assert feed["releaseNotes"] == "]]> \"'\n---\n... <b>&\u2028"
    assert feed["path"].isascii()
    assert client.get(feed["path"]).getvalue() == f"2.0.0 {name}".encode()


def test_feed_takes_few_queries_for_any_number_of_versions(client: Client, download: Any) -> None:
    newest = publish(download, "2.0.0", "App.exe")
    copies = [Version(**_copy(newest, index)) for index in range(1_000)]
    Version.objects.bulk_create(copies)
    _, secret = issue_access_key(actor=system(), download=download, name="A customer")
    for query in ("", f"?key={secret}"):
        with CaptureQueriesContext(connection) as queries:
            assert read(client, f"/feeds/app/electron/latest.yml{query}")["version"] == "2.0.0"
        assert len(queries) <= MAX_QUERIES, [row["sql"] for row in queries]


def _copy(version: Version, index: int) -> dict[str, Any]:
    """Return the fields of a version with another number that has no file."""
    number = f"3.{index}.0"
    return {
        "download": version.download,
        "number": number,
        "scheme": "semver",
        "sort_key": parse(number).sort_key,
        "state": "published",
        "published_at": version.published_at,
        "released_at": version.released_at,
    }
