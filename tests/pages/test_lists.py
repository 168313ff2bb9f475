"""The search page, and the pages of authors, organizations, tags and categories."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.services import update_download
from releasehub.pages.parameters import PER_PAGE
from releasehub.search.refresh import rebuild_index, refresh_index
from tests.conftest import begin_with
from tests.factories import make_category, make_download, make_file, make_organization, make_user, make_version, system

CARD = re.compile(r'<h3>\s*<a href="/downloads/[^"]+"[^>]*>([^<]+)</a>')
CHOICE = re.compile(r'<a rel="nofollow" href="([^"]+)">([^<]+?) <span class="count">([\d,]+)')


def build() -> dict[str, Any]:
    """Publish three tools of two authors, and one that only its owner may see."""
    tools = make_category("Tools")
    ann = make_user("ann")
    northwind = make_organization("Northwind", members=(ann,))
    inner = make_category("Inner", parent=tools)
    names = (("Alpha tool", "linux", "MIT"), ("Beta tool", "windows", "MIT"), ("Gamma tool", "linux", "GPL-3.0"))
    for title, platform, license in names:
        owner = make_user("bob") if title[0] == "G" else ann
        category = inner if title[0] == "A" else tools
        about = {"license": license, "tags": ["C++/CLI"], "organization": northwind if owner == ann else None}
        make_file(make_version(make_download(owner, title=title, category=category, **about)), platform=platform)
    secret = make_download(
        make_user("eve"), title="Secret tool", category=make_category("Vault", members_only=True), license="Secret-1"
    )
    make_file(make_version(secret, channel="nightly"), platform="amiga")
    secret.tags, secret.organization = ["hush"], make_organization("Shadow")
    secret.save()
    update_download(actor=system(), download=secret, visibility="private")
    rebuild_index()
    return {"ann": ann, "secret": secret, "organization": northwind}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def text_of(client: Client, path: str, **options: Any) -> str:
    answer = client.get(path, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def cards(client: Client, path: str) -> list[str]:
    return CARD.findall(text_of(client, path))


def choices(client: Client, path: str) -> dict[str, tuple[str, str]]:
    """Return the count and the URL of each value by which the list can be narrowed."""
    found = CHOICE.findall(text_of(client, path))
    return {label: (count, url.replace("&amp;", "&")) for url, label, count in found}


def test_counts_of_facets_lead_to_as_many_downloads(client: Client, world: Any) -> None:
    offered = choices(client, "/search/?q=tool")
    assert {label: count for label, (count, _) in offered.items()} == {
        "Linux": "2", "Windows": "1", "MIT": "2", "GPL-3.0": "1",
    }  # fmt: skip
    for count, url in offered.values():
        assert len(cards(client, url)) == int(count)


def test_filters_combine_and_each_can_be_removed(client: Client, world: Any) -> None:
    path = "/search/?q=tool&category=tools&platform=linux&license=mit&updated=7&sort=title"
    assert cards(client, path) == ["Alpha tool"]
    chips = text_of(client, path).partition('class="chips"')[2].partition("</ul>")[0]
    removals = [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]+)"', chips)]
    assert [len(cards(client, url)) for url in removals] == [1, 2, 2, 1, 3]
    assert 'type="hidden" name="platform" value="linux"' in text_of(client, path)


def test_category_can_be_narrowed_step_by_step(client: Client, world: Any) -> None:
    make_download(title="Delta tool")
    refresh_index()
    assert choices(client, "/search/")["Tools"] == ("3", "/search/?category=tools")
    assert choices(client, "/search/?category=tools")["Inner"] == ("1", "/search/?category=inner")


@pytest.mark.parametrize("query", ["platform=%20&updated=-1&sort=x&page=x", "category=absent", "updated=7e0&q=%20"])
def test_invalid_filters_are_ignored(client: Client, world: Any, query: str) -> None:
    assert len(cards(client, f"/search/?{query}")) == 3


def test_orders(client: Client, world: Any) -> None:
    assert cards(client, "/search/?sort=title") == ["Alpha tool", "Beta tool", "Gamma tool"]
    assert (
        cards(client, "/search/?sort=relevance") == cards(client, "/search/") == cards(client, "/search/?sort=updated")
    )
    assert cards(client, "/search/?q=tool&sort=title") == ["Alpha tool", "Beta tool", "Gamma tool"]


def test_empty_results_say_what_to_do(client: Client, world: Any) -> None:
    assert "No downloads match “absent”" in text_of(client, "/search/?q=absent")
    assert "A single letter finds only words of one letter" in text_of(client, "/search/?q=z")
    assert "There are results without the filters" in text_of(client, "/search/?q=alpha&platform=windows")
    assert "No download has all of these filters" in text_of(client, "/search/?platform=amiga")
    corrected = text_of(client, "/search/?q=alhpa")
    assert "Did you mean" in corrected
    assert 'href="/search/?q=alpha"' in corrected


def test_script_gets_the_results_without_the_frame(client: Client, world: Any) -> None:
    answer = client.get("/search/?q=alpha", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text
    assert 'hx-swap-oob="innerHTML:#count"' in text
    assert "1 download" in text
    assert "HX-Request" in answer["Vary"]
    assert "<html" in text_of(client, "/search/?q=alpha")


def test_nothing_private_is_in_lists_counts_and_filters(client: Client, world: Any) -> None:
    hidden = ("Secret", "hush", "amiga", "nightly", "Vault", "Shadow", "eve")
    for path in ("/search/", "/search/?q=tool", "/search/?q=secret", "/categories/", "/tags/hush/", "/sitemap-tags.xml",
                 "/search/?license=secret-1", "/sitemap-authors.xml", "/sitemap-organizations.xml"):  # fmt: skip
        shown = re.sub(r'(href|value|title)="[^"]*"|<title>[^<]*|<h1>[^<]*|“[^”]*”', "", text_of(client, path))
        assert [word for word in hidden if word in shown] == [], path
    slug = world["secret"].organization.slug
    for path in ("/authors/eve/", "/authors/unknown/", f"/organizations/{slug}/", f"/organizations/{slug}/feed.atom"):
        assert client.get(path).status_code == 404, path
    client.force_login(world["secret"].owner)
    assert "Secret tool" in cards(client, "/search/?q=tool")
    assert cards(client, "/authors/eve/") == ["Secret tool"]


def test_author_organization_and_tag_pages_are_linked_and_list_their_downloads(client: Client, world: Any) -> None:
    slug = world["organization"].slug
    front, pages = text_of(client, "/"), text_of(client, "/sitemap-tags.xml") + text_of(client, "/sitemap-authors.xml")
    assert cards(client, "/authors/ann/?sort=title") == cards(client, f"/organizations/{slug}/?sort=title")
    assert cards(client, "/authors/ann/?platform=windows") == ["Beta tool"]
    assert len(cards(client, "/tags/c%2B%2B%2Fcli/")) == 3
    assert 'href="/authors/ann/"' in front
    about = text_of(client, re.findall(r'href="(/downloads/[^"]+)"', front)[0])
    assert 'href="/tags/C%2B%2B%2FCLI/"' in about
    assert client.get("/tags/C%2B%2B%2FCLI/")["Location"] == "/tags/c%2B%2B%2Fcli/"
    assert "/tags/c%2B%2B%2Fcli/" in pages
    assert "/authors/ann/" in pages


def test_feeds_of_tag_and_organization(client: Client, world: Any) -> None:
    for path, count in (("/tags/c%2B%2B%2Fcli/", 3), (f"/organizations/{world['organization'].slug}/", 2)):
        feed = client.get(f"{path}feed.json").json()
        assert len(feed["items"]) == count
        assert feed["home_page_url"] == f"http://testserver{path}"
        assert f'href="{path}feed.atom"' in text_of(client, path)


def test_category_page_filters_by_platform_and_sorts(client: Client, world: Any) -> None:
    assert cards(client, "/categories/tools/?sort=title&platform=linux") == ["Alpha tool", "Gamma tool"]
    assert choices(client, "/categories/tools/")["Windows"] == ("1", "/categories/tools/?platform=windows")


def test_lists_have_pages(client: Client, world: Any) -> None:
    category = make_category("Many")
    for number in range(PER_PAGE + 1):
        make_download(title=f"Item {number:02}", category=category)
    refresh_index()
    assert cards(client, "/search/?q=item&sort=title&page=2") == [f"Item {PER_PAGE}"]
    assert cards(client, "/search/?q=item&sort=title&page=999") == [f"Item {PER_PAGE}"]
    assert 'href="?q=item&amp;page=2"' in text_of(client, "/search/?q=item")


def test_front_page_leads_old_links_to_the_search(client: Client, world: Any) -> None:
    assert client.get("/?q=a%26b")["Location"] == "/search/?q=a%26b"


@pytest.mark.parametrize("rows", [2, 12])
def test_query_count_of_lists_is_constant(client: Client, world: Any, rows: int) -> None:
    owner, category = make_user("zoe"), make_category("Only")
    for number in range(rows):
        tags = ["one", f"tag{number}"]
        download = make_download(owner, category=category, title=f"Tool {number}", tags=tags, license=f"L{number}")
        make_version(download, "1.0.0", files=1)
    refresh_index()
    counts = {}
    for path in ("/search/", "/search/?q=tool&license=l1", "/search/?q=tool", "/authors/zoe/", "/tags/one/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        counts[path] = len(queries)
    assert list(counts.values()) == [6, 6, 6, 8, 6]
