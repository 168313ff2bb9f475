"""Hidden drafts, private and deleted things change nothing in the responses for outsiders.

The test reads every page and every API operation twice: first with public data only, then with drafts and with private
and deleted rows. Both responses must be equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.models import Download
from downloads.services import share_download
from files.models import File
from releasehub.community.models import Comment, Review
from releasehub.core.actor import Actor
from releasehub.distribution.access_keys import issue_access_key
from releasehub.publishing.deletion import delete_version
from releasehub.search.refresh import rebuild_index
from tests.api.described import document, operations, real_parameters
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_organization, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
SECRET = "zqhidden"
# Each of them stands in some hidden row, or in a place where one could show.
VALUES = {
    "search": SECRET, "q": SECRET, "channel": SECRET, "platform": SECRET, "arch": SECRET, "architecture": SECRET,
    "tag": SECRET, "version": "7.7.7", "with": "full", "deleted": "1", "order": "last_update", "state": "draft",
    "status": "draft", "direction": "asc", "per_page": "100", "limit": "100", "min_age": "1m", "owner": SECRET,
}  # fmt: skip
PAGES = (
    "/", "/search/?q={secret}", "/search/?q=tool&sort=updated", "/search/?platform={secret}",
    "/search/?channel={secret}", "/search/?license={secret}", "/categories/", "{category}", "{category}feed.atom",
    "/feed.atom", "/sitemap.xml", "/sitemap-downloads.xml", "/sitemap-authors.xml", "/sitemap-organizations.xml",
    "/sitemap-tags.xml", "/authors/ann/", "/authors/{secret}/", "/tags/{secret}/", "/organizations/{secret}/",
    "{download}", "{download}about/versions/", "{download}about/versions/?channel={secret}",
    "{download}about/changelog/?since=0.1", "{download}about/statistics/", "{download}about/statistics.csv",
    "{download}feed.atom", "{download}feed.json?channel={secret}", "{download}7.7.7/",
    "{download}about/compare/?from=1.0.0&to=7.7.7", "/d/tool/latest/", "/d/tool/latest/{secret}",
    "/ann/tool/releases.atom", "/d/tool/latest/linux-{secret}", "/d/tool/channel/{secret}/",
    "/d/tool/7.7.7/{secret}.zip", "/d/{secret}/latest/", "/d/tool/latest/{secret}.zip",
    "/feeds/tool/electron/latest.yml", "/feeds/tool/channel/{secret}/electron/latest.yml",
    "/ann/tool/releases/latest", "/ann/tool/releases/tag/{secret}", "/downloads/{secret}/", "/{secret}/{secret}",
)  # fmt: skip
# What differs between two equal requests.
UNSTABLE = (
    (re.compile(r'csrfmiddlewaretoken" value="[^"]+'), "CSRF"),
    (re.compile(r"eyJ[\w=.:-]+|content/[\w.:-]+"), "SIGNED"),
    (re.compile(r'"(expires_?\w*|server_time)": ?"[^"]+"'), "TIME"),
    (re.compile(r'"next_after": ?\d+'), "POSITION"),  # of the whole stream: it tells that something happened somewhere
    (re.compile(r'class="meta ago">[^<]*'), "AGO"),
)


@pytest.fixture(autouse=True)
def without_limits(settings: Any) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = settings.RIGHTS_CACHE_SECONDS = 0
    settings.ANONYMOUS_RATE = settings.V3_BURST = settings.ENGINE_RATE = 0


def public_file() -> File:
    download = make_download(make_user("ann"), title="Tool", slug="tool", license="MIT", tags=["build"])
    file = make_file(make_version(download, "1.0.0"), name="tool.zip", platform="linux")
    make_version(make_download(download.owner, title="Other", slug="other"), "1.0.0", files=1)
    return file


def hide_things(download: Download) -> None:
    """Add things that outsiders do not see, to a public download and beside it."""
    other, others = make_user(SECRET), make_organization(SECRET)
    fields: dict[str, Any] = {
        "license": SECRET,
        "tags": [SECRET, "build"],
        "title": SECRET,
        "category": download.category,
    }
    hidden = ({"visibility": "private"}, {"state": "draft"}, {"visibility": "organization"})
    for number, state in enumerate(hidden):
        made = make_download(other, slug=f"{SECRET}-{number}", organization=others, **fields | state)
        _release(made, "1.0.0")
    _release(download, "7.7.7", tag=SECRET, state="draft")
    _release(download, "7.7.8", tag=f"{SECRET}-2", visibility="private")
    for row in Version.objects.filter(download__slug="other"):
        _release(row.download, "8.0.0", state="draft")
    delete_version(actor=system(), version=make_version(download, "7.7.9", state="draft"), reason=SECRET)
    Version.objects.filter(number="7.7.7").update(author=other)
    for model, options in ((Comment, {}), (Review, {"rating": 1})):
        model.objects.create(download=download, author=other, text=SECRET, state="moderated", **options)
    Comment.objects.create(download=download, author=other, text=SECRET, deleted_at=timezone.now())
    share_download(actor=Actor(user=download.owner), download=download, user=other)
    issue_access_key(actor=Actor(user=download.owner), download=download, name=SECRET)


def _release(download: Download, number: str, **fields: Any) -> None:
    version = make_version(download, number, channel=SECRET, platforms=[SECRET], release_notes=SECRET, **fields)
    make_file(version, name=f"{SECRET}.zip", platform=SECRET, architecture=SECRET)


def urls(file: File) -> Iterator[str]:
    download = file.version.download
    for verb, path in operations():
        if verb != "get":
            continue
        names_in_path = re.findall(r"{(\w+)}", path)
        parameters = real_parameters(file, f"GET {path}") if names_in_path else {}
        if all(name in parameters for name in names_in_path):
            url = path.format(**parameters)
            yield url
            described = document()["paths"][path]["get"].get("parameters", [])
            queries = {item["name"] for item in described if item["in"] == "query"}
            for name in sorted(queries & VALUES.keys()):
                yield f"{url}?{name}={VALUES[name]}"
                if "download_id" in queries:
                    yield f"{url}?download_id={download.pk}&{name}={VALUES[name]}"
    download = Download.objects.get(pk=download.pk)  # some of the parameters needed another category
    names = {"secret": SECRET, "download": download.path, "category": f"/categories/{download.category.slug}/"}
    yield from (page.format(**names) for page in PAGES)


def ask(client: Client, url: str) -> tuple[int, str, str]:
    answer: Any = client.get(url)
    text = answer.getvalue().decode(errors="replace")
    answer.close()
    for pattern, name in UNSTABLE:
        text = pattern.sub(name, text)
    return answer.status_code, UNSTABLE[1][0].sub("SIGNED", answer.get("Location", "")), text


def test_outsiders_get_the_same_with_and_without_hidden_things(client: Client) -> None:
    file = public_file()
    rebuild_index()
    asked = list(dict.fromkeys(urls(file)))
    clients = (client, ApiClient(make_key(make_user("guest"))))
    before = {(number, url): ask(who, url) for number, who in enumerate(clients) for url in asked}
    hide_things(Download.objects.get(pk=file.version.download_id))
    rebuild_index()
    differing = [
        f"{url}: {difference(answer, now)}"
        for (number, url), answer in before.items()
        if (now := ask(clients[number], url)) != answer
    ]
    assert differing == []
    assert sum(answer[0] == 200 for answer in before.values()) > 150


def difference(before: tuple[int, str, str], now: tuple[int, str, str]) -> str:
    """Return a short text about two answers that differ."""
    if before[:2] != now[:2]:
        return f"{before[:2]} became {now[:2]}"
    pairs = zip(before[2], now[2], strict=False)
    start = next((place for place, (old, new) in enumerate(pairs) if old != new), min(len(before[2]), len(now[2])))
    return f"{before[2][start - 40 : start + 80]!r} became {now[2][start - 40 : start + 80]!r}"
