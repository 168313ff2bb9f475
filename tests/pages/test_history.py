"""The pages about the versions of a download: the filtered list, the comparison, and the changelog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from releasehub.pages import rendered_notes
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.conftest import Ready
from tests.factories import make_download, make_file, make_version, system


def build() -> Download:
    """Make a download with a current, a yanked, an archived, a pre-release and a draft version."""
    download = make_download(title="Tool")
    for number, fields in (("1.0.0", {}), ("1.1.0", {}), ("1.2.0", {}), ("2.0.0-rc.1", {"channel": "rc"})):
        version = make_version(download, number, release_notes=f"Notes of {number}", **fields)
        make_file(version, name=f"tool-{number}-linux.zip", platform="linux", content=b"same" + number[:1].encode())
    make_file(download.versions.get(number="1.2.0"), name="tool-1.2.0-windows.zip", platform="win64")
    move(Move.ARCHIVE, actor=system(), version=download.versions.get(number="1.0.0"))
    move(Move.YANK, actor=system(), version=download.versions.get(number="1.1.0"), reason="It deletes files")
    make_version(download, "3.0.0", state="draft")
    return download


pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(build) as made:
        yield made


@pytest.fixture
def download(world: Download) -> Any:
    return world


def context_of(client: Client, download: Any, page: str) -> Any:
    answer = client.get(f"{download.path}about/{page}")
    assert answer.status_code == 200
    return answer.context


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0"]),
        ("?channel=RC", ["2.0.0-rc.1"]),
        ("?platform=windows", ["1.2.0"]),
        ("?state=current", ["1.2.0"]),
        ("?state=yanked", ["1.1.0"]),
        ("?state=archived", ["1.0.0"]),
        ("?state=pre-release", ["2.0.0-rc.1"]),
        ("?state=unpublished", ["2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0"]),  # a state for the team alone is ignored
        ("?channel=rc&state=yanked", []),
    ],
)
def test_list_is_filtered(client: Client, download: Any, query: str, numbers: list[str]) -> None:
    page = context_of(client, download, f"versions/{query}")["page"]
    assert [version.number for version in page] == numbers


def test_team_filters_by_versions_that_are_not_published(client: Client, download: Any) -> None:
    client.force_login(download.owner)
    page = context_of(client, download, "versions/?state=unpublished")["page"]
    assert [version.number for version in page] == ["3.0.0"]


def test_comparison_has_changed_added_and_removed_files_and_the_notes_in_between(client: Client, download: Any) -> None:
    context = context_of(client, download, "compare/?from=1.2.0&to=1.0.0")
    assert (context["before"].number, context["after"].number) == ("1.0.0", "1.2.0")
    assert [(change.kind, change.file.filename) for change in context["changes"]] == [
        ("added", "tool-1.2.0-windows.zip")
    ]
    assert [change.file.filename for change in context["unchanged"]] == ["tool-1.2.0-linux.zip"]
    assert [version.number for version in context["between"]] == ["1.2.0", "1.1.0"]
    later = context_of(client, download, "compare/?from=1.2.0&to=2.0.0-rc.1")
    assert [change.kind for change in later["changes"]] == ["removed", "changed"]


@pytest.mark.parametrize("query", ["", "?from=1.0.0", "?from=1.0.0&to=9.9.9", "?from=1.0.0&to=3.0.0"])
def test_comparison_without_two_visible_versions_asks_for_them(client: Client, download: Any, query: str) -> None:
    context = context_of(client, download, f"compare/{query}")
    assert "before" not in context
    assert context["unknown"] == [name for name in ("9.9.9", "3.0.0") if name in query]


def test_versions_that_share_a_number_are_compared_by_public_id(client: Client, download: Any) -> None:
    twin = make_version(download, "1.2.0", channel="rc", files=1)
    names = [name for name, version in context_of(client, download, "versions/")["comparable"]]
    assert twin.public_id in names
    assert "1.2.0" not in names
    context = context_of(client, download, f"compare/?from=1.0.0&to={twin.public_id}")
    assert context["after"] == twin


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0"]),
        ("?since=1.1", ["2.0.0-rc.1", "1.2.0"]),
        ("?since=1.0.0&channel=stable", ["1.2.0", "1.1.0"]),
        ("?since=2.0.0", []),
    ],
)
def test_changelog_has_the_notes_since_a_version(client: Client, download: Any, query: str, numbers: list[str]) -> None:
    answer = client.get(f"{download.path}about/changelog/{query}")
    assert [version.number for version in answer.context["page"]] == numbers
    assert all(f"Notes of {number}" in answer.content.decode() for number in numbers)


@pytest.mark.parametrize("page", ["changelog/", "compare/?from=1.0.0&to=2.0.0-rc.1"])
def test_notes_that_take_too_long_are_behind_a_link(
    client: Client, download: Any, page: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rendered_notes, "MAX_CHARACTERS", 40)
    settings.MAX_NOTES_CHARACTERS = 20
    text = client.get(f"{download.path}about/{page}").content.decode()
    assert "Notes of 2.0.0-rc.1" in text
    assert "Notes of 1.1.0" not in text
    assert f'<a href="{download.path}1.1.0/">Release notes</a>' in text


def test_changelog_says_that_the_text_is_no_version_number(client: Client, download: Any) -> None:
    answer = client.get(f"{download.path}about/changelog/?since=%2F%2F")
    assert "“//” is not a version number" in answer.content.decode()


@pytest.mark.parametrize("page", ["versions/", "compare/?from=1.0.0&to=1.2.0", "changelog/"])
def test_pages_of_a_private_download_are_not_found(client: Client, page: str) -> None:
    download = make_download(visibility="private")
    assert client.get(f"{download.path}about/{page}").status_code == 404


@pytest.mark.parametrize("rows", [3, 9])
def test_query_count_is_constant(client: Client, rows: int) -> None:
    download = make_download()
    for number in range(rows):
        make_version(download, f"1.{number}.0", files=number)
    counts = []
    for page in ("versions/", "compare/?from=1.0.0&to=1.2.0", "changelog/"):
        with CaptureQueriesContext(connection) as queries:
            context_of(client, download, page)
        counts.append(len(queries))
    assert counts == [7, 6, 4]  # one query for each channel, and one that finds no further channel
