"""`min_age` on every route that offers the newest version: one rule, one spelling, and an error in each dialect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Download
from releasehub.core.errors import NotFound
from releasehub.distribution.latest import newest_version
from releasehub.distribution.updates import Client, RejectionReason, explain_update, find_held_back, find_update
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.conftest import ApiClient, Ready
from tests.factories import make_download, make_file, make_version, system
from versions.cooldown import Cooldown
from versions.models import Version

pytestmark = pytest.mark.django_db

WEEK = Cooldown.parse("7d")


class Catalog:
    """A download with a version of 30 days, one of 3 days, and beta versions of the same ages."""

    def __init__(self) -> None:
        self.download = make_download(title="Tool")
        self.versions = {
            number: self.add(number, days)
            for number, days in (("1.0.0", 30), ("1.1.0", 3), ("2.0.0-beta.1", 30), ("2.0.0-beta.2", 3))
        }

    def add(self, number: str, days: int) -> Version:
        version = make_version(self.download, number)
        make_file(version, name="tool.zip", content=number.encode(), platform="linux")
        self.set_age(version, days)
        return version

    def set_age(self, version: Version, days: int) -> None:
        moment = timezone.now() - timedelta(days=days)
        dates = {"published_at": moment, "public_since": moment, "released_at": moment}
        Version.objects.filter(pk=version.pk).update(**dates)

    def mark_security(self, number: str) -> None:
        move(Move.MARK_SECURITY, actor=system(), version=self.versions[number])


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(Catalog) as made:
        yield made


@pytest.fixture
def catalog(world: Catalog) -> Catalog:
    return world


def number_of(version: Version | None) -> str | None:
    return version.number if version else None


@pytest.mark.parametrize(
    ("channel", "min_age", "expected"),
    [
        ("", "", "1.1.0"),
        ("", "2d", "1.1.0"),
        ("", "7d", "1.0.0"),
        ("", "20w", None),
        ("beta", "", "2.0.0-beta.2"),
        ("beta", "7d", "2.0.0-beta.1"),
    ],
)
def test_update_checks_offer_the_newest_version_that_is_old_enough(
    catalog: Catalog, channel: str, min_age: str, expected: str | None
) -> None:
    client = Client(channel=channel, platform="linux", cooldown=Cooldown.parse(min_age))
    assert number_of(find_update(catalog.download, client)) == expected


def test_security_releases_are_offered_at_once_unless_the_client_declines(catalog: Catalog) -> None:
    catalog.mark_security("1.1.0")
    assert number_of(find_update(catalog.download, Client(cooldown=WEEK))) == "1.1.0"
    strict = Cooldown.parse("7d", exempts_security=False)
    assert number_of(find_update(catalog.download, Client(cooldown=strict))) == "1.0.0"


def test_the_team_sees_that_a_version_is_too_new(catalog: Catalog) -> None:
    client = Client(installed="1.0.0", cooldown=WEEK)
    rejected = explain_update(system(), catalog.download, client, find_update(catalog.download, client))
    reasons = {row.version.number: row.reasons for row in rejected}
    assert reasons["1.1.0"] == [RejectionReason.TOO_NEW]
    assert reasons["2.0.0-beta.1"] == [RejectionReason.OTHER_CHANNEL]


def test_held_back_is_what_a_client_without_a_cooldown_would_get(catalog: Catalog) -> None:
    client = Client(cooldown=WEEK)
    offered = find_update(catalog.download, client)
    assert number_of(find_held_back(catalog.download, client, offered)) == "1.1.0"
    assert find_held_back(catalog.download, Client(), catalog.versions["1.0.0"]) is None
    assert find_held_back(catalog.download, Client(cooldown=Cooldown.parse("1d")), catalog.versions["1.1.0"]) is None


def test_newest_version_says_why_there_is_none(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match=r"No version has been public for 20w yet. The newest one is 1.1.0."):
        newest_version(catalog.download, cooldown=Cooldown.parse("20w"))
    with pytest.raises(NotFound) as caught:
        newest_version(make_download(), cooldown=WEEK)
    assert "min_age" not in caught.value.message


LINKS = {
    "latest/tool.zip": ("1.1.0", "1.0.0"),
    "latest/linux": ("1.1.0", "1.0.0"),
    "latest/": ("1.1.0", "1.0.0"),
    "latest-1.x/tool.zip": ("1.1.0", "1.0.0"),
    "latest-1.1.x/tool.zip": ("1.1.0", None),
    "channel/beta/tool.zip": ("2.0.0-beta.2", "2.0.0-beta.1"),
    "latest/SHA256SUMS": ("1.1.0", "1.0.0"),
    "channel/beta/SHA256SUMS": ("2.0.0-beta.2", "2.0.0-beta.1"),
}


@pytest.mark.embedded
@pytest.mark.parametrize("link", LINKS)
def test_permanent_links_wait(catalog: Catalog, link: str) -> None:
    path = f"/d/{catalog.download.slug}/{link}"
    newest, settled = LINKS[link]
    browser: Any = Browser(headers={"Accept": "application/json"})
    assert browser.head(path)["X-ReleaseHub-Version"] == newest
    for min_age, expected in (("7d", settled), ("1d", newest), ("52w", None)):
        answer = browser.head(path, {"min_age": min_age})
        # S3 sends the bytes itself.
        assert answer.status_code in ({200, 302} if expected else {404})
        assert answer.get("X-ReleaseHub-Version") == expected
        if not expected:
            assert (
                f"No version has been public for {min_age} yet"
                in browser.get(path, {"min_age": min_age}).content.decode()
            )


def test_a_change_of_the_parameter_is_never_answered_from_a_cache(catalog: Catalog, settings: Any) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    catalog.mark_security("1.1.0")
    browser: Any = Browser()
    queries: list[dict[str, Any]] = [{}, {"min_age": "7d"}, {"min_age": "7d", "security": "0"}, {"min_age": "1d"}]
    expected = ["1.1.0", "1.1.0", "1.0.0", "1.1.0"]
    for _ in range(2):
        path = f"/d/{catalog.download.slug}/latest/tool.zip"
        assert [browser.head(path, query)["X-ReleaseHub-Version"] for query in queries] == expected
        checks = [browser.get(f"/api/updates/{catalog.download.slug}", query).json() for query in queries]
        assert [check["version"]["number"] for check in checks] == expected


def routes(download: Download) -> dict[str, str]:
    return {
        "native": f"/api/updates/{download.slug}?",
        "v3 update": f"/v3/releases/update?productId={download.public_id}&platform=linux&version=0.1&",
        "v3 latest": f"/v3/releases/latest?productId={download.public_id}&platform=linux&",
        "engine": "/version/latest?",
        "github": f"/api/v3/repos/{download.owner.username}/{download.slug}/releases/latest?",
    }


def number_in(answer: Any) -> str:
    body = answer.json()
    if "tag_name" in body:
        return str(body["tag_name"]).removeprefix("v")
    version = body.get("version_number") or body["version"]
    return str(version["number"] if isinstance(version, dict) else version)


@pytest.fixture
def engine(catalog: Catalog, settings: Any) -> None:
    settings.ENGINE_DOWNLOAD = catalog.download.slug


@pytest.mark.embedded
@pytest.mark.parametrize("dialect", ["native", "v3 update", "v3 latest", "engine", "github"])
def test_every_dialect_waits(catalog: Catalog, engine: None, dialect: str) -> None:
    route, client = routes(catalog.download)[dialect], ApiClient()
    assert number_in(client.get(route)) == "1.1.0"
    assert number_in(client.get(f"{route}min_age=7d")) == "1.0.0"
    catalog.mark_security("1.1.0")
    assert number_in(client.get(f"{route}min_age=7d")) == "1.1.0"
    assert number_in(client.get(f"{route}min_age=7d&security=0")) == "1.0.0"


NOTHING_OLD_ENOUGH = {
    "native": (200, "held_back"),
    "v3 update": (204, ""),
    "v3 latest": (404, "No version has been public for 52w yet"),
    "engine": (404, "No version has been public for 52w yet"),
    "github": (404, "Not Found"),
}


@pytest.mark.parametrize("dialect", NOTHING_OLD_ENOUGH)
def test_nothing_old_enough_is_nothing_newer(catalog: Catalog, engine: None, dialect: str) -> None:
    status, text = NOTHING_OLD_ENOUGH[dialect]
    answer = ApiClient().get(f"{routes(catalog.download)[dialect]}min_age=52w")
    assert (answer.status_code, text in answer.content.decode()) == (status, True)
    if dialect == "v3 update":
        assert answer["X-ReleaseHub-Held-Back"] == "1.1.0"
    if dialect == "native":
        body = answer.json()
        assert body["update_available"] is False
        assert body["held_back"]["number"] == "1.1.0"


@pytest.mark.embedded
@pytest.mark.parametrize("dialect", NOTHING_OLD_ENOUGH)
@pytest.mark.parametrize("min_age", ["7", "P7D", "7y", "-1d"])
def test_an_invalid_age_is_a_clear_error_in_every_dialect(
    catalog: Catalog, engine: None, dialect: str, min_age: str
) -> None:
    answer = ApiClient().get(f"{routes(catalog.download)[dialect]}min_age={min_age}")
    assert answer.status_code == (422 if dialect == "github" else 400)
    assert "7d (days)" in answer.content.decode()


@pytest.mark.parametrize("path", ["/d/{}/latest/tool.zip?min_age=soon", "/downloads/{}/feed.atom?min_age=soon"])
def test_an_invalid_age_is_a_clear_error_on_pages(catalog: Catalog, path: str) -> None:
    download = catalog.download
    slug = f"{download.slug}.{download.pk}" if "feed" in path else download.slug
    answer = Browser(headers={"Accept": "application/json"}).get(path.format(slug))
    assert answer.status_code == 400
    assert "7d (days)" in answer.content.decode()


def test_engine_clients_that_name_their_file_wait(catalog: Catalog, engine: None) -> None:
    file = catalog.versions["1.0.0"].files.get()
    path = f"/version_file/{file.blob.sha512}/update"
    client = ApiClient()
    assert client.send("post", path, {}).json()["version_number"] == "1.1.0"
    assert client.send("post", f"{path}?min_age=7d", {}).json()["version_number"] == "1.0.0"
    assert client.send("post", f"{path}?min_age=x", {}).status_code == 400


def test_addresses_of_git_hosts_wait(catalog: Catalog) -> None:
    base, browser = f"/{catalog.download.owner.username}/{catalog.download.slug}/releases/latest", Browser()
    for path in (base, f"{base}/download/tool.zip"):
        assert "1.1.0" in browser.get(path)["Location"]
        assert "1.0.0" in browser.get(path, {"min_age": "7d"})["Location"]
        assert browser.get(path, {"min_age": "52w"}).status_code == 404


ATOM = "{http://www.w3.org/2005/Atom}"


def test_feeds_wait(catalog: Catalog) -> None:
    catalog.mark_security("2.0.0-beta.2")
    path = f"{catalog.download.path}feed"
    browser = Browser()
    feed = browser.get(f"{path}.json", {"min_age": "7d"}).json()
    assert sorted(item["title"] for item in feed["items"]) == [
        "Tool 1.0.0",
        "Tool 2.0.0-beta.1",
        "Tool 2.0.0-beta.2 (security release)",
    ]
    (fix,) = [item for item in feed["items"] if "security" in item["tags"]]
    assert fix["tags"] == ["beta", "security"]
    answer = browser.get(f"{path}.atom", {"min_age": "7d", "security": "0", "channel": "beta"})
    entries = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")  # noqa: S314 - the hub wrote it
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Tool 2.0.0-beta.1"]


def test_cooldowns_take_one_query_more_only_where_something_waits(catalog: Catalog) -> None:
    def queries(client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            offered = find_update(catalog.download, client)
            find_held_back(catalog.download, client, offered)
        return len(captured)

    assert queries(Client()) == 1
    assert queries(Client(cooldown=WEEK)) == 2
    for number in range(6):
        catalog.add(f"3.{number}.0", 1)
    assert queries(Client(cooldown=WEEK)) == 2


@pytest.mark.embedded
def test_the_search_walks_an_index_from_the_highest_number(catalog: Catalog) -> None:
    rows = Version.objects.offerable().filter(download=catalog.download).after_cooldown(WEEK)
    plan = rows.order_by("-sort_key").explain()
    assert "USING INDEX version_" in plan
    assert "TEMP B-TREE" not in plan
