"""The addresses of releases that Git hosts have: what they lead to, and what they hide."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.services import update_download
from files.models import DownloadGrant
from releasehub.accounts.models import User
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.web_addresses import asset_path, release_path
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_key, make_user, make_version, system

pytestmark = pytest.mark.django_db
local_only = pytest.mark.skipif(settings.STORAGE_KIND == "s3", reason="S3 answers with a redirect to signed links")
ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "/ann/tool"


@pytest.fixture
def download() -> Any:
    return make_download(make_user("ann"), title="Tool")


@pytest.fixture
def version(download: Any) -> Any:
    version = make_version(download, "1.0.0")
    make_file(version, name="tool.zip", content=b"0123456789")
    return version


def location(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 302, (path, answer.status_code)
    return answer["Location"]


def test_pages_of_people_are_redirects(client: Client, download: Any, version: Any) -> None:
    page = download.path
    assert location(client, BASE) == location(client, f"{BASE}/") == page
    assert location(client, f"{BASE}/releases") == location(client, f"{BASE}/releases/") == f"{page}about/versions/"
    assert location(client, f"{BASE}/releases/tag/v1.0.0") == f"{page}1.0.0/"
    assert client.get(f"{BASE}/releases/tag/v1.0.0", follow=True).status_code == 200


def test_access_key_stays_a_parameter_of_its_own(client: Client, download: Any) -> None:
    """The page of a version in a channel other than the default one has a query already."""
    make_version(download, "2.0.0", channel="beta", files=1)
    assert location(client, f"{BASE}/releases/tag/v2.0.0?key=x") == f"{download.path}2.0.0/?channel=beta&key=x"


def test_names_are_found_in_any_case(client: Client, version: Any) -> None:
    assert location(client, "/ANN/Tool/releases/latest") == f"{BASE}/releases/tag/v1.0.0"


def test_latest_is_the_highest_version_and_never_a_prerelease(client: Client, download: Any) -> None:
    for number in ("1.10.0", "1.9.0", "2.0.0-rc.1"):
        make_version(download, number, files=1)
    answer = client.get(f"{BASE}/releases/latest")
    assert (answer["Location"], answer["Cache-Control"]) == (f"{BASE}/releases/tag/v1.10.0", "no-cache")
    assert "Accept" in answer["Vary"]


def test_latest_is_json_for_programs_that_ask_for_it(client: Client, version: Any) -> None:
    answer = client.get(f"{BASE}/releases/latest", headers={"Accept": "application/json"})
    assert answer.json() == {"tag_name": "v1.0.0", "id": version.pk, "update_url": f"{BASE}/releases/tag/v1.0.0"}
    for accept in ("*/*", "text/html", ""):
        assert client.get(f"{BASE}/releases/latest", headers={"Accept": accept}).status_code == 302


def test_latest_asset_leads_to_the_bytes(client: Client, version: Any) -> None:
    link = location(client, f"{BASE}/releases/latest/download/TOOL.zip")
    assert link == f"{BASE}/releases/download/v1.0.0/tool.zip"
    assert client.get(f"{BASE}/releases/latest/download/other.zip").status_code == 404


def test_latest_asset_is_that_of_the_latest_release_only(client: Client, download: Any, version: Any) -> None:
    make_file(make_version(download, "2.0.0"), name="new.zip")
    assert client.get(f"{BASE}/releases/latest/download/tool.zip").status_code == 404


@local_only
@pytest.mark.parametrize("tag", ["v1.2.0", "cli/v1.2.0+b1", "@acme/tool@1.2.0", "release 1.2.0"])
@pytest.mark.parametrize("safe", ["", "/+@"], ids=["encoded", "raw"])
def test_tag_is_accepted_raw_and_percent_encoded(client: Client, download: Any, tag: str, safe: str) -> None:
    make_file(make_version(download, "", tag=tag), name="a b+c.zip", content=b"bytes")
    link = f"{BASE}/releases/download/{quote(tag, safe=safe)}/{quote('a b+c.zip', safe=safe)}"
    answer: Any = client.get(link)
    assert b"".join(answer) == b"bytes"
    assert f"/{quote(tag, safe='+@')}" in location(client, f"{BASE}/releases/latest")
    assert client.get(f"{BASE}/releases/tag/{quote(tag, safe=safe)}", follow=True).status_code == 200


@local_only
def test_download_answers_ranges_and_digests_like_a_permanent_link(client: Client, version: Any) -> None:
    answer: Any = client.get(f"{BASE}/releases/download/v1.0.0/tool.zip", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, b"".join(answer)) == (206, b"234")
    assert answer["X-Checksum-SHA256"] == hashlib.sha256(b"0123456789").hexdigest()
    assert answer["Access-Control-Allow-Origin"] == "*"
    head = client.head(f"{BASE}/releases/download/v1.0.0/tool.zip")
    assert (head.status_code, head["Content-Length"]) == (200, "10")


@local_only
def test_download_is_counted_and_the_bare_number_finds_it(client: Client, version: Any) -> None:
    b"".join(client.get(f"{BASE}/releases/download/1.0.0/tool.zip"))  # type: ignore[arg-type]
    assert DownloadGrant.objects.count() == 1


def test_checksums_are_generated(client: Client, version: Any) -> None:
    link = location(client, f"{BASE}/releases/latest/download/SHA256SUMS")
    assert hashlib.sha256(b"0123456789").hexdigest() in client.get(link).content.decode()


@pytest.mark.parametrize("state", ["draft", "scheduled", "pending"])
def test_draft_is_found_by_nobody(client: Client, download: Any, state: str) -> None:
    owner: User = download.owner
    draft = make_version(download, "1.0.0", state="draft")
    make_file(draft, name="tool.zip")
    if state != "draft":
        type(draft).objects.filter(pk=draft.pk).update(state=state, publish_at="2030-01-01T00:00Z")
    client.force_login(owner)
    key = {"Authorization": f"Bearer {make_key(owner)}"}
    for path in ("tag/v1.0.0", "download/v1.0.0/tool.zip", "download/v1.0.0/SHA256SUMS", "latest"):
        for headers in ({}, key):
            assert client.get(f"{BASE}/releases/{path}", headers=headers).status_code == 404, path
    assert b"v1.0.0" not in client.get(f"{BASE}/releases.atom").content


@local_only
def test_private_download_needs_a_key_in_the_header_or_the_query(client: Client, download: Any, version: Any) -> None:
    update_download(actor=system(), download=download, visibility="private")
    _, secret = issue_access_key(actor=system(), download=download, name="for a customer")
    link = f"{BASE}/releases/download/v1.0.0/tool.zip"
    for path in (BASE, f"{BASE}/releases", f"{BASE}/releases/latest", f"{BASE}/releases.atom", link):
        assert client.get(path).status_code == 404, path
    assert client.get(f"{link}?key=wrong").status_code == 403
    assert client.get(link, headers={"Authorization": f"Bearer {make_key(make_user())}"}).status_code == 404
    owner = {"Authorization": f"token {make_key(download.owner)}"}
    for answer in (client.get(f"{link}?key={secret}"), client.get(link, headers=owner)):
        assert b"".join(answer) == b"0123456789"  # type: ignore[arg-type]
        assert "no-store" in answer["Cache-Control"]
    latest = location(client, f"{BASE}/releases/latest/download/tool.zip?key={secret}")
    assert latest == f"{link}?key={secret}"


def test_deleted_release_is_gone(client: Client, version: Any) -> None:
    delete_version(actor=system(), version=version, reason="a bad build")
    answer = client.get(f"{BASE}/releases/download/v1.0.0/tool.zip", headers={"Accept": "text/html"})
    assert (answer.status_code, b"a bad build" in answer.content) == (410, True)


@local_only
def test_yanked_release_warns(client: Client, version: Any) -> None:
    move(Move.YANK, actor=system(), version=version, reason="broken")
    answer: Any = client.get(f"{BASE}/releases/download/v1.0.0/tool.zip")
    assert (b"".join(answer), answer["X-ReleaseHub-Yanked"]) == (b"0123456789", "broken")


def test_renamed_download_is_found_by_a_redirect(client: Client, download: Any, version: Any) -> None:
    update_download(actor=system(), download=download, slug="importer")
    answer = client.get(f"{BASE}/releases/download/v1.0.0/tool.zip?key=x")
    assert (answer.status_code, answer["Location"]) == (308, "/ann/importer/releases/download/v1.0.0/tool.zip?key=x")


@pytest.mark.parametrize("path", ["/ben/tool/releases/latest", "/ann/other", f"{BASE}/releases/expanded_assets/v1.0.0"])
def test_unknown_names_are_404(client: Client, version: Any, path: str) -> None:
    make_user("ben")
    assert client.get(path).status_code == 404


@pytest.mark.embedded
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_addresses_only_read(client: Client, version: Any, method: str) -> None:
    assert getattr(client, method)(f"{BASE}/releases/latest").status_code == 405


def test_page_of_the_hub_wins_over_an_owner_with_its_name(client: Client) -> None:
    tool = make_download(make_user("categories"), title="Tool")
    make_version(tool, "1.0.0", files=1)
    assert client.get("/categories/tool/releases/latest").status_code == 404
    assert client.get("/categories/tool").status_code == 301  # to the page with a slash at its end
    assert client.get(release_path(tool, "v1.0.0")).status_code == 200
    answer = client.get(asset_path(tool, "v1.0.0", "file-0.bin"))
    answer.close() if not answer.streaming else b"".join(answer)  # type: ignore[arg-type]
    assert answer.status_code in {200, 302}


def test_feed_links_to_tags(client: Client, download: Any) -> None:
    make_version(download, "", tag="cli/v1.0.0", release_notes="**Faster**")
    make_version(download, "2.0.0-beta.1")
    answer = client.get(f"{BASE}/releases.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    entries = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")  # noqa: S314 - the hub wrote it
    links = [entry.find(f"{ATOM}link").get("href") for entry in entries]  # type: ignore[union-attr]
    base = f"http://testserver{BASE}/releases/tag"
    assert links == [f"{base}/v2.0.0-beta.1", f"{base}/cli%2Fv1.0.0"]
    assert "<strong>Faster</strong>" in (entries[1].findtext(f"{ATOM}content") or "")


def test_cached_file_is_checked_again_for_each_visitor(client: Client, download: Any, settings: Any) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    make_file(make_version(download, "1.0.0"), name="tool.zip", content=b"0123456789")
    link = f"{BASE}/releases/download/v1.0.0/tool.zip"
    with CaptureQueriesContext(connection) as first:
        client.head(link)
    with CaptureQueriesContext(connection) as second:
        client.head(link)
    assert len(second) < len(first)
