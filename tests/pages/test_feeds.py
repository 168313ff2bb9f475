"""Feeds of versions, the sitemap, and what link previews and search engines read from a page."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.services import update_download
from releasehub.pages import rendered_notes
from tests.factories import make_category, make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def download() -> Any:
    return make_download(title="Tool & Co", owner=make_user("ann"), category=make_category("Tools", slug="tools"))


def entries(client: Client, path: str) -> list[ElementTree.Element]:
    response = client.get(path)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")  # noqa: S314 - the hub wrote it


def titles(client: Client, path: str) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in entries(client, path)]


def test_entry_has_notes_link_and_files(client: Client, download: Any) -> None:
    version = make_version(download, "1.0.0", release_notes="**Faster** <script>alert(1)</script>")
    file = make_file(version, name="tool.zip", content=b"12345")
    (entry,) = entries(client, "/feed.atom")
    assert entry.findtext(f"{ATOM}id") == f"urn:releasehub:version:{version.public_id}"
    assert "<strong>Faster</strong>" in (content := entry.findtext(f"{ATOM}content") or "")
    assert "<script" not in content
    links = {link.get("rel"): link for link in entry.findall(f"{ATOM}link")}
    assert links["alternate"].get("href") == f"http://testserver{download.path}1.0.0/"
    assert links["enclosure"].get("length") == "5"
    assert client.get(links["enclosure"].get("href")).getvalue() == b"12345"
    assert file.filename in (links["enclosure"].get("href") or "")


def test_feed_renders_as_many_notes_as_it_can_take_the_time_for(
    client: Client, download: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Otherwise, one request for 30 versions with the longest notes takes 20 seconds of CPU time."""
    monkeypatch.setattr(rendered_notes, "MAX_CHARACTERS", 10)
    for number, notes in (("1.0.0", "abcd"), ("1.1.0", "abcdefgh"), ("1.2.0", "abcdef")):
        make_version(download, number, release_notes=notes)
    settings.MAX_NOTES_CHARACTERS = 5
    items = client.get(f"{download.path}feed.json").json()["items"]
    assert [item["content_html"].strip() for item in items] == ["<p>abcdef</p>", "", "<p>abcd</p>"]


def test_json_feed_has_the_same_entries(client: Client, download: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.pages.feed_entries.MAX_ENCLOSURES", 2)
    version = make_version(download, "1.0.0", release_notes="Faster")
    make_file(version, name="tool.zip", content=b"12345")
    for name in ("second.zip", "third.zip"):
        make_file(version, name=name)
    feed = client.get("/feed.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert item["title"] == "Tool & Co 1.0.0"
    assert item["authors"] == [{"name": "ann"}]
    assert item["attachments"][0]["size_in_bytes"] == 5
    assert [attachment["url"].rpartition("/")[2] for attachment in item["attachments"]] == ["tool.zip", "second.zip"]


def test_feeds_of_category_download_channel_and_author(client: Client, download: Any) -> None:
    make_version(download, "1.0.0")
    make_version(download, "2.0.0-beta.1", channel="beta")
    make_version(make_download(title="Other"), "9.0")
    both = ["Tool & Co 2.0.0-beta.1", "Tool & Co 1.0.0"]
    assert titles(client, "/categories/tools/feed.atom") == both
    assert titles(client, f"{download.path}feed.atom") == both
    assert titles(client, f"{download.path}feed.atom?channel=beta") == both[:1]
    assert titles(client, "/authors/ann/feed.atom") == both
    assert len(titles(client, "/feed.atom")) == 3


def test_feeds_show_nothing_that_a_visitor_may_not_see(client: Client, download: Any) -> None:
    make_version(download, "1.0.0", state="draft")
    make_version(download, "2.0.0", visibility="unlisted")
    secret = make_download(title="Secret", owner=make_user("eve"))
    make_version(secret, "1.0.0")
    update_download(actor=system(), download=secret, visibility="private")
    assert titles(client, "/feed.atom") == []
    for path in (f"{secret.path}feed.atom", "/authors/eve/feed.atom", "/authors/unknown/feed.atom"):
        assert client.get(path).status_code == 404
    client.force_login(secret.owner)
    assert titles(client, f"{secret.path}feed.atom") == ["Secret 1.0.0"]


def test_page_of_a_yanked_version_shows_the_reason(client: Client, download: Any) -> None:
    version = make_version(download, "1.0.0")
    Version.objects.filter(pk=version.pk).update(yanked_at=version.released_at, yank_reason="It loses data.")
    assert titles(client, "/feed.atom") == ["Tool & Co 1.0.0 (yanked: It loses data.)"]


def test_query_count_of_a_feed_is_constant(client: Client, download: Any) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/feed.atom?fresh")
        return len(queries)

    make_file(make_version(download, "1.0.0"))
    before = count()
    for number in range(2, 6):
        make_file(make_version(make_download(), f"{number}.0"))
    assert count() == before


def test_renamed_download_redirects_its_feed(client: Client, download: Any) -> None:
    make_version(download, "1.0.0")
    old = f"{download.path}feed.atom"
    update_download(actor=system(), download=download, slug="renamed")
    response = client.get(old)
    assert response.status_code in {301, 308}
    assert client.get(response["Location"]).status_code == 200


def test_sitemap_lists_public_pages(client: Client, download: Any) -> None:
    secret = make_download()
    update_download(actor=system(), download=secret, visibility="private")
    index = client.get("/sitemap.xml").content.decode()
    pages = "".join(
        client.get(url).content.decode() for url in re.findall(r"<loc>http://testserver([^<]+)</loc>", index)
    )
    assert f"http://testserver{download.path}</loc>" in pages
    assert "/categories/tools/" in pages
    assert secret.path not in pages
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_download_page_describes_itself_and_names_its_feed(client: Client) -> None:
    download = make_download(title="</script><b>Tool", tag_line="Fast & small")
    make_file(make_version(download, "1.0.0"))
    text = client.get(download.path).content.decode()
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    described = json.loads(data)
    assert (described["name"], described["softwareVersion"]) == (download.title, "1.0.0")
    assert f'href="{download.path}feed.atom"' in text
    assert '<meta property="og:description" content="Fast &amp; small">' in text


@pytest.mark.parametrize("text", ["%0b", "%1b", "%EF%BF%BE"])
@pytest.mark.parametrize("path", ["/downloads/{0.slug}.{0.pk}/feed.atom?channel=a{1}b", "/tags/a{1}b/feed.atom"])
def test_characters_that_xml_forbids_are_left_out_of_the_title(
    client: Client, download: Any, path: str, text: str
) -> None:
    answer = client.get(path.format(download, text))
    assert answer.status_code == 200
    title = ElementTree.fromstring(answer.content).findtext(f"{ATOM}title") or ""  # noqa: S314 - the hub wrote it
    assert title.startswith(("Tool & Co (a", "Releases with the tag a"))
