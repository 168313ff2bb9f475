"""Searching downloads: what is found, in which order, and by whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from downloads.services import update_download
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download
from releasehub.search import index
from releasehub.search.models import SearchCursor
from releasehub.search.queries import search_downloads
from releasehub.search.refresh import rebuild_index, refresh_index
from tests.factories import make_category, make_download, make_file, make_user, make_version, system

pytestmark = pytest.mark.django_db

ANYONE = Actor()


def titles(text: str, actor: Actor = ANYONE) -> list[str]:
    names = dict(Download.objects.values_list("pk", "title"))
    return [names[pk] for pk in search_downloads(actor, text).download_ids]


@pytest.fixture
def shelf() -> None:
    """Publish a few downloads with everything by which a search may find them."""
    games = make_category("Games")
    packsmith = make_download(
        title="Packsmith", slug="packsmith", owner=make_user("alice"), tags=["packaging"], license="MIT",
        tag_line="Builds and signs packages", description="Works with Cargo and npm.",
    )  # fmt: skip
    version = make_version(packsmith, "2.4.0", release_notes="Fixes a crash on Windows.")
    make_file(version, name="packsmith-2.4.0-linux-x64.tar.gz", platform="linux", architecture="x64")
    make_download(title="Packsmith Plugins", tag_line="Extensions")
    make_download(title="Other Tool", description="An alternative to Packsmith, written in Rust.")
    make_download(title="Straße nach Süden", category=games)
    make_download(title="計算機アプリ")
    make_download(title="Éclair Näh-Studio", tags=["sewing"])
    rebuild_index()


FOUND = [
    ("packsmith", "Packsmith"),
    ("Packsmith plugins", "Packsmith Plugins"),
    ("pack", "Packsmith"),
    ("PACKSMITH", "Packsmith"),
    ("packaging", "Packsmith"),
    ("alice", "Packsmith"),
    ("mit", "Packsmith"),
    ("2.4.0", "Packsmith"),
    ("v2.4", "Packsmith"),
    ("packsmith-2.4.0-linux-x64.tar.gz", "Packsmith"),
    ("linux packsmith", "Packsmith"),
    ("crash windows", "Packsmith"),
    ("cargo", "Packsmith"),
    ("rust", "Other Tool"),
    ("extensions", "Packsmith Plugins"),
    ("games", "Straße nach Süden"),
    ("strasse", "Straße nach Süden"),
    ("STRASSE SÜDEN", "Straße nach Süden"),
    ("suden", "Straße nach Süden"),
    ("計算機", "計算機アプリ"),
    ("算機", "計算機アプリ"),
    ("アプリ", "計算機アプリ"),
    ("eclair", "Éclair Näh-Studio"),
    ("nah studio", "Éclair Näh-Studio"),
    ("sewing", "Éclair Näh-Studio"),
    ("packsmyth", "Packsmith"),
    ("paksmith", "Packsmith"),
    ("pcaksmith", "Packsmith"),
    ("packsmiht plugins", "Packsmith Plugins"),
    ("eclare studio", "Éclair Näh-Studio"),
    ("builds and signs packages works with cargo and npm fixes a crash", "Packsmith"),
]
MISSPELLED = {"packsmyth", "paksmith", "pcaksmith", "packsmiht plugins", "eclare studio"}
NOT_FOUND = [
    "", " ", "-", "'", '"', "*", "zebra", "packsmith zebra", "(", "q:z:*", "\\", "NEAR(", "' OR 1=1 --", "!!", "&|",
    "\0",
]  # fmt: skip


@pytest.mark.usefixtures("shelf")
def test_first_result_of_each_query_is_the_expected_title() -> None:
    assert [(text, titles(text)[:1]) for text, _ in FOUND] == [(text, [title]) for text, title in FOUND]


@pytest.mark.usefixtures("shelf")
def test_case_accents_and_parts_of_words_need_no_correction() -> None:
    texts = [text for text, _ in FOUND if text not in MISSPELLED]
    assert [text for text in texts if search_downloads(ANYONE, text).corrected_text] == []


@pytest.mark.usefixtures("shelf")
def test_queries_without_a_match_find_nothing_and_never_fail() -> None:
    assert {text: titles(text) for text in NOT_FOUND} == {text: [] for text in NOT_FOUND}


@pytest.mark.usefixtures("shelf")
def test_correction_is_named_only_when_it_was_needed() -> None:
    assert search_downloads(ANYONE, "packsmyth").corrected_text == "packsmith"
    assert search_downloads(ANYONE, "packsmith").corrected_text == ""
    assert search_downloads(ANYONE, "zebra").corrected_text == ""


def test_title_counts_more_than_names_and_names_more_than_texts() -> None:
    make_download(title="Third", description="About rockets.")
    make_download(title="Second", tags=["rockets"])
    make_download(title="Rockets and more")
    make_download(title="Rockets")
    rebuild_index()
    assert titles("rockets") == ["Rockets", "Rockets and more", "Second", "Third"]


def test_search_shows_no_private_download_and_no_text_of_a_draft() -> None:
    secret = make_download(title="Secret project", owner=make_user("ann"))
    version = make_version(make_download(title="Open"), "9.9.9", state="draft", release_notes="Codename Bluebird")
    make_file(version, name="bluebird.zip")
    update_download(actor=system(), download=secret, visibility="private")
    rebuild_index()
    assert titles("secret") == []
    assert titles("bluebird") == titles("9.9.9") == []
    assert titles("secret", Actor(user=secret.owner)) == ["Secret project"]


def test_index_follows_changes() -> None:
    download = make_download(title="First name", slug="thing")
    refresh_index()
    update_download(actor=system(), download=download, title="Other words")
    make_version(download, "7.7.7")
    assert refresh_index() == 1
    assert titles("other") == titles("7.7.7") == ["Other words"]
    assert titles("first") == []
    delete_download(actor=system(), download=download)
    refresh_index()
    assert index.match(["other"]) == []
    assert refresh_index() == 0


def test_first_run_indexes_existing_downloads() -> None:
    make_download(title="Older than the index")
    SearchCursor.objects.all().delete()
    assert refresh_index() == 1
    assert titles("older") == ["Older than the index"]


def test_query_count_does_not_depend_on_the_matches() -> None:
    def count() -> int:
        rebuild_index()
        with CaptureQueriesContext(connection) as queries:
            assert search_downloads(ANYONE, "common").download_ids
        return len(queries)

    make_download(title="Common 1")
    first = count()
    for number in range(2, 8):
        make_download(title=f"Common {number}")
    assert count() == first <= 2
