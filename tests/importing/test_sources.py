"""The GitHub-shaped sources: tokens, redirects, private addresses and what they read."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceRefused, SourceSettings, SourceUnavailable
from releasehub.importing.sources.http import _opened, next_page
from releasehub.importing.sources.registry import kind_named
from tests.importing.hosts import TOKEN, Asset, Host, Release, running, some_releases

pytestmark = pytest.mark.embedded


def source_of(host: Host, **settings: Any) -> Any:
    kind = {"github": "github", "gitea": "gitea"}[host.style]
    return kind_named(kind).build(SourceSettings("acme/tool", host.api, **settings))


def read(source: Any, asset: Any, start: int = 0) -> bytes:
    with source.open(asset, start=start) as opened:
        return b"".join(opened.chunks)


@pytest.mark.parametrize("style", ["github", "gitea"])
def test_both_dialects_list_all_pages_and_give_bytes(host: Host, style: str) -> None:
    host.style = style
    releases = list(source_of(host).releases())
    assert [row.tag for row in releases] == ["v1.1.0-rc.1", "v1.0.1", "v1.0.0"]
    assert (releases[0].is_prerelease, releases[2].author, releases[2].notes) == (True, "ada", "* Born")
    asset = releases[2].assets[0]
    assert (asset.size_bytes, asset.download_count) == (300, 7)
    assert bool(asset.digest) == (style == "github")
    assert read(source_of(host), asset) == b"one" * 100
    assert len(host.seen) == 3


def test_file_that_has_become_shorter_is_read_from_the_beginning(host: Host) -> None:
    """A part of the longer file is stored. A refused range would otherwise fail each run, without an end."""
    source = source_of(host, token=TOKEN)
    asset = list(source.releases())[2].assets[0]
    host.releases[2].assets[0].served = b"short"
    with source.open(asset, start=100) as opened:
        assert (opened.start, opened.size_bytes, b"".join(opened.chunks)) == (0, 5, b"short")
    assert "authorization" in host.seen[-1][1]
    assert "range" not in host.seen[-1][1]


@pytest.mark.parametrize("style", ["github", "gitea"])
def test_token_is_sent_to_its_host(host: Host, style: str) -> None:
    host.style, host.needs_token = style, True
    with pytest.raises(SourceRefused, match="hides it without a token"):
        list(source_of(host).releases())
    source = source_of(host, token=TOKEN)
    releases = list(source.releases())
    assert read(source, releases[2].assets[0]) == b"one" * 100


def test_redirect_to_another_host_loses_the_token_and_keeps_the_range(host: Host, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    with running(Host(releases=some_releases()), "127.0.0.2") as storage:
        host.storage_url, host.needs_token = storage.url, True
        source = source_of(host, token=TOKEN)
        asset = list(source.releases())[2].assets[0]
        assert read(source, asset, start=3) == b"one" * 99
        assert "authorization" in host.seen[-1][1]
        assert "authorization" not in storage.seen[-1][1]
        assert storage.seen[-1][1]["range"] == "bytes=3-"


def test_asset_on_another_host_gets_no_token(host: Host, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    with running(Host(releases=some_releases()), "127.0.0.2") as elsewhere:
        source = source_of(host, token=TOKEN)
        asset = list(source_of(elsewhere).releases())[2].assets[0]
        assert read(source, asset) == b"one" * 100
        assert "authorization" not in elsewhere.seen[-1][1]


def test_private_addresses_are_refused(host: Host, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = []
    with pytest.raises(SourceRefused, match="Use a public address"):
        list(source_of(host).releases())
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    host.storage_url = "http://127.0.0.2:8080"
    source = source_of(host)
    asset = next(source.releases()).assets[0]
    with pytest.raises(SourceRefused, match="Use a public address"):
        read(source, asset)


def test_unfinished_asset_is_left_out(host: Host) -> None:
    host.releases = [Release(1, "v1", [Asset(1, "a.bin", b"a", state="starter"), Asset(2, "b.bin", b"b")])]
    assert [asset.name for asset in next(source_of(host).releases()).assets] == ["b.bin"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, SourceRefused), (403, SourceRefused), (404, SourceRefused), (418, SourceRefused), (500, SourceUnavailable)],
)
def test_errors_say_what_to_do(host: Host, status: int, error: type[Exception]) -> None:
    host.refusals = [(status, {})]
    with pytest.raises(error, match=str(status)):
        list(source_of(host).releases())


@pytest.mark.parametrize("address", ["tool", "a/b/c", "../x", "a/..", "a b/c", ""])
def test_address_has_to_name_owner_and_repository(address: str) -> None:
    with pytest.raises(Invalid, match="owner/repository"):
        kind_named("github").build(SourceSettings(address))


def test_address_may_be_the_url_of_the_repository() -> None:
    source: Any = kind_named("github").build(SourceSettings("https://github.com/acme/tool.git"))
    assert (source.repository, source.http.base_url) == ("acme/tool", "https://api.github.com")


@pytest.mark.parametrize("api_url", ["ftp://x.example/", "https://u:p@x.example/", "https://x.example/?a", "no url"])
def test_url_of_the_api_is_checked(api_url: str) -> None:
    with pytest.raises(Invalid):
        kind_named("gitea").build(SourceSettings("a/b", api_url))


def test_etag_that_no_database_stores_counts_as_missing() -> None:
    answer = Mock(status=200, headers={"ETag": '"\0"'})
    assert _opened(answer).etag == ""


def test_next_page_is_read_from_the_link_header() -> None:
    header = '<https://h/x?page=1>; rel="first", <https://h/x?page=3>; rel="next", <https://h/x?page=9>; rel="last"'
    assert next_page({"Link": header}) == "https://h/x?page=3"
    assert next_page({"Link": '<https://h/x?page=1>; rel="last"'}) == ""
