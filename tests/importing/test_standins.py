"""What each source reads from its stand-in. Nothing here needs the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import (
    ReleaseSource,
    SourceRefused,
    SourceRelease,
    SourceSettings,
    SourceUnavailable,
)
from releasehub.importing.sources.bbcode import to_markdown
from releasehub.importing.sources.gitlab import file_name
from releasehub.importing.sources.registry import KINDS
from tests.importing.standins.gitlab import PROJECT, GitLabStandin, release_row, some_gitlab
from tests.importing.standins.mc_dm import McDmStandin, some_mc_dm
from tests.importing.standins.server import SECRET, Answer, running
from tests.importing.standins.xenforo import XenForoStandin, some_xenforo

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32", "127.0.0.2/32"]


@pytest.fixture
def gitlab() -> Iterator[GitLabStandin]:
    with running(GitLabStandin()) as standin:
        yield some_gitlab(standin)


@pytest.fixture
def mc_dm() -> Iterator[McDmStandin]:
    with running(some_mc_dm(McDmStandin())) as standin:
        yield standin


@pytest.fixture
def xenforo() -> Iterator[XenForoStandin]:
    with running(some_xenforo(XenForoStandin())) as standin:
        yield standin


def source_of(kind: str, address: str, api_url: str, token: str = SECRET) -> ReleaseSource:
    return KINDS[kind].build(SourceSettings(address, api_url, token))


def by_number(source: ReleaseSource) -> dict[str, SourceRelease]:
    return {release.tag or release.number: release for release in source.releases()}


def content(source: ReleaseSource, release: SourceRelease, place: int = 0, start: int = 0) -> bytes:
    with source.open(release.assets[place], start=start) as opened:
        return b"".join(opened.chunks)[start - opened.start :]


def test_gitlab_lists_all_pages_with_texts_and_dates(gitlab: GitLabStandin) -> None:
    found = by_number(source_of("gitlab", PROJECT, gitlab.api))
    assert list(found) == ["v1.2.0-rc.1", "v1.1.0", "v1.0.0"]
    first = found["v1.0.0"]
    assert (first.title, first.author) == ("Release v1.0.0", "ada")
    assert first.notes.startswith("## v1.0.0")
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2021-01-04T01:56:19.539000+00:00"
    assert first.commitish == "079e90101242458910cccd35eab0e211dfc359c0"
    assert found["v1.1.0"].title == ""


def test_gitlab_files_of_packages_have_their_digest_and_size(gitlab: GitLabStandin) -> None:
    source = source_of("gitlab", PROJECT, gitlab.api)
    release = by_number(source)["v1.1.0"]
    assert [(asset.name, asset.label) for asset in release.assets] == [
        ("app.bin", ""),
        ("app-windows.bin", "Windows 64"),
    ]
    assert release.assets[0].size_bytes == len(b"second" * 100)
    assert release.assets[0].digest.startswith("sha256:")
    assert content(source, release) == b"second" * 100
    assert content(source, release, start=7) == (b"second" * 100)[7:]


def test_gitlab_without_the_right_to_read_packages_knows_no_digest(gitlab: GitLabStandin) -> None:
    original = gitlab.answer
    gitlab.answer = lambda path, query: (  # type: ignore[method-assign]
        Answer({"message": "403 Forbidden"}, 403) if path.endswith("/packages") else original(path, query)
    )
    release = by_number(source_of("gitlab", PROJECT, gitlab.api))["v1.1.0"]
    assert (release.assets[0].digest, release.assets[0].size_bytes) == ("", None)


def test_gitlab_upcoming_release_is_a_draft(gitlab: GitLabStandin) -> None:
    gitlab.releases.insert(0, release_row("v2.0.0", [], upcoming_release=True))
    assert by_number(source_of("gitlab", PROJECT, gitlab.api))["v2.0.0"].is_draft


def test_gitlab_sends_the_token_to_its_own_host_only(gitlab: GitLabStandin) -> None:
    with running(GitLabStandin(secret_header=""), "127.0.0.2") as other:
        gitlab.releases = [release_row("v1.0.0", [{"id": 1, "name": "a.bin", "url": f"{other.url}/a.bin"}])]
        source = source_of("gitlab", PROJECT, gitlab.api)
        with pytest.raises(SourceRefused):
            content(source, by_number(source)["v1.0.0"])
        assert other.paths() == ["/a.bin"]
        assert other.secrets_seen() == []
    assert gitlab.secrets_seen()


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("app.zip", "https://example.com/files/1", "app.zip"),
        ("Linux amd64", "https://example.com/app-linux.tar.gz", "app-linux.tar.gz"),
        ("hoge", "https://example.com/binaries/linux-amd64", "linux-amd64"),
        ("checksums", "https://example.com/x/checksums", "checksums"),
        ("The app", "https://example.com/", "The app"),
    ],
)
def test_gitlab_file_name_follows_from_the_link(name: str, url: str, expected: str) -> None:
    assert file_name({"name": name, "url": url}) == expected


@pytest.mark.parametrize("address", ["", "app", "acme/../app", "a b/c", "acme/app?x"])
def test_gitlab_refuses_an_invalid_project(address: str) -> None:
    with pytest.raises(Invalid):
        source_of("gitlab", address, "https://gitlab.example.com/api/v4")


def test_mc_dm_lists_all_pages_of_versions_and_files(mc_dm: McDmStandin) -> None:
    found = by_number(source_of("mc-dm", "42", mc_dm.api))
    assert list(found) == ["1.2.0 Beta 1", "1.1.0", "1.0.0"]
    second = found["1.1.0"]
    assert [asset.name for asset in second.assets] == ["importer.bin", "importer.sig", "readme.txt"]
    assert (second.title, second.notes) == ("The big one", "Notes of 1.1.0")
    assert second.fields == {"changelog": "* Changes of 1.1.0"}
    assert (found["1.0.0"].title, found["1.0.0"].assets[0].label) == ("", "The file importer.bin")


def test_number_with_a_v_is_kept_as_the_tag(mc_dm: McDmStandin, xenforo: XenForoStandin) -> None:
    for kind, standin in (("mc-dm", mc_dm), ("xenforo", xenforo)):
        standin.add_version(9, "v3.0.0", {})
        release = by_number(source_of(kind, "42", standin.api))["v3.0.0"]
        assert (release.tag, release.number) == ("v3.0.0", "")


def test_pre_releases_are_told_by_their_numbers(
    gitlab: GitLabStandin, mc_dm: McDmStandin, xenforo: XenForoStandin
) -> None:
    xenforo.add_version(9, "3.0.0 RC 1", {})
    for kind, address, standin in (("gitlab", PROJECT, gitlab), ("mc-dm", "42", mc_dm), ("xenforo", "42", xenforo)):
        found = source_of(kind, address, standin.api).releases()
        assert [release.is_prerelease for release in found][:2] == [True, False]


def test_mc_dm_files_have_digests_and_bytes(mc_dm: McDmStandin) -> None:
    source = source_of("mc-dm", "42", mc_dm.api)
    release = by_number(source)["1.1.0"]
    assert release.assets[0].digest.startswith("sha256:")
    assert release.assets[0].fields == {"is_primary": True}
    assert content(source, release) == b"second" * 100


def test_mc_dm_server_that_serves_no_bytes_is_explained(mc_dm: McDmStandin) -> None:
    mc_dm.serves_bytes = False
    source = source_of("mc-dm", "42", mc_dm.api)
    with pytest.raises(SourceRefused, match="404"):
        content(source, by_number(source)["1.0.0"])


def test_mc_dm_link_is_fetched_without_the_key(mc_dm: McDmStandin) -> None:
    with running(McDmStandin(secret_header=""), "127.0.0.2") as other:
        url = f"{other.url}/importer.zip"
        mc_dm.add_version(9, "2.0.0", {})
        mc_dm.add_file(90, 9, "importer.zip", b"", is_link_only=True, external_url=url, file_hash=None)
        source = source_of("mc-dm", "42", mc_dm.api)
        release = by_number(source)["2.0.0"]
        assert (release.assets[0].url, release.assets[0].size_bytes) == (url, None)
        with pytest.raises(SourceRefused):
            content(source, release)
        assert (other.paths(), other.secrets_seen()) == (["/importer.zip"], [])


def test_mc_dm_leaves_out_failed_files_and_takes_unpublished_versions_for_drafts(mc_dm: McDmStandin) -> None:
    mc_dm.add_version(9, "2.0.0", {"good.bin": b"good", "bad.bin": b"bad"}, is_published=False)
    mc_dm.files[-1]["validation_status"] = "failed"
    release = by_number(source_of("mc-dm", "42", mc_dm.api))["2.0.0"]
    assert release.is_draft
    assert [asset.name for asset in release.assets] == ["good.bin"]


def test_xenforo_lists_visible_versions_with_the_notes_of_their_updates(xenforo: XenForoStandin) -> None:
    found = by_number(source_of("xenforo", "42", xenforo.api))
    assert list(found) == ["2.0.0 Patch Level 1", "1.1.0", "1.0.0"]
    assert found["1.1.0"].notes == "**Faster**"
    assert found["2.0.0 Patch Level 1"].notes == "- New"
    assert (found["1.0.0"].notes, found["1.0.0"].author) == ("", "ada")
    assert found["1.1.0"].title == "Acme Importer 1.1.0"


def test_xenforo_files_are_fetched_by_their_numbers(xenforo: XenForoStandin) -> None:
    source = source_of("xenforo", "42", xenforo.api)
    release = by_number(source)["1.1.0"]
    assert [(asset.name, asset.size_bytes) for asset in release.assets] == [("importer.bin", 600), ("readme.txt", 7)]
    assert content(source, release, 1) == b"read me"


def test_xenforo_external_download_is_fetched_without_the_key(xenforo: XenForoStandin) -> None:
    with running(XenForoStandin(secret_header=""), "127.0.0.2") as other:
        xenforo.add_version(9, "3.0.0", {}, download_url=f"{other.url}/files/importer-3.0.0.zip")
        source = source_of("xenforo", "42", xenforo.api)
        release = by_number(source)["3.0.0"]
        assert release.assets[0].name == "importer-3.0.0.zip"
        with pytest.raises(SourceRefused):
            content(source, release)
        assert other.secrets_seen() == []


@pytest.mark.parametrize("address", ["42", "https://forum.example.com/resources/acme-importer.42/"])
def test_xenforo_takes_the_number_or_the_page_of_a_resource(address: str, xenforo: XenForoStandin) -> None:
    assert len(by_number(source_of("xenforo", address, xenforo.api))) == 3


@pytest.mark.parametrize("kind", ["releasehub", "mc-dm", "xenforo"])
def test_source_without_a_url_says_so(kind: str) -> None:
    with pytest.raises(Invalid, match="Enter the URL of the server"):
        source_of(kind, "42", "")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({}, 429, headers={"Retry-After": "30"}), SourceUnavailable),
        (Answer({}, 503), SourceUnavailable),
        (Answer({}, 401), SourceRefused),
        (Answer({}, 403), SourceRefused),
        (Answer(body=b"<html>"), SourceRefused),
        (Answer({"other": 1}), SourceRefused),
        (Answer("text"), SourceRefused),
    ],
)
def test_answers_that_are_no_list_are_errors(
    answer: Answer, error: type[Exception], gitlab: GitLabStandin, mc_dm: McDmStandin, xenforo: XenForoStandin
) -> None:
    for kind, address, standin in (("gitlab", PROJECT, gitlab), ("mc-dm", "42", mc_dm), ("xenforo", "42", xenforo)):
        standin.refusals = [answer]
        with pytest.raises(error):
            list(source_of(kind, address, standin.api).releases())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[B]Bold[/B] and [I]slanted[/I]", "**Bold** and *slanted*"),
        ("[URL='https://example.com/a']Site[/URL]", "[Site](https://example.com/a)"),
        ("[URL]https://example.com[/URL]", "<https://example.com>"),
        ("[LIST]\n[*]One\n[*]Two\n[/LIST]", "- One\n- Two"),
        ("[HEADING=2]News[/HEADING]", "### News"),
        ("[CODE=php]echo 1;[/CODE]", "```\necho 1;\n```"),
        ("[CODE]a[0] = b[i];[/CODE]", "```\na[0] = b[i];\n```"),
        ("a[0]; [/URL]", "a[0];"),
        ("[MEDIA=youtube]x[/MEDIA]", "[MEDIA=youtube]x[/MEDIA]"),
        ("[URL=[B]Bold[/B]", "[URL=**Bold**"),
    ],
)
def test_bb_code_becomes_markdown(text: str, expected: str) -> None:
    assert to_markdown(text) == expected
