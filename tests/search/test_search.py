"""Searching downloads: what is found, in which order, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.category_tree import CategoryTree
from downloads.models import Download
from downloads.services import update_download
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download
from releasehub.search.criteria import Criteria
from releasehub.search.models import Facet, SearchCursor
from releasehub.search.queries import count_values, search_downloads
from releasehub.search.refresh import rebuild_index, refresh_index
from tests.factories import make_category, make_download, make_file, make_organization, make_user, make_version, system

pytestmark = pytest.mark.django_db

ANYONE = Actor()


def titles(text: str, actor: Actor = ANYONE) -> list[str]:
    names = dict(Download.objects.values_list("pk", "title"))
    return [names[pk] for pk in search_downloads(actor, Criteria(text)).download_ids]


@pytest.fixture
def shelf() -> None:
    """Publish a few downloads with everything by which a search may find them."""
    games = make_category("Games")
    packsmith = make_download(
        title="Packsmith", slug="packsmith", owner=make_user("alice"), tags=["packaging"], license="MIT",
        tag_line="Builds and signs packages", description="Works with Cargo and npm.",
    )  # fmt: skip
    version = make_version(packsmith, "2.4.0", release_notes="Fixes a crash on Windows.", changelog="Drops Solaris.")
    make_file(version, name="packsmith-2.4.0-linux-x64.tar.gz", platform="linux", architecture="x64")
    make_download(title="Packsmith Plugins", tag_line="Extensions")
    make_download(title="Other Tool", description="An alternative to Packsmith, written in Rust.")
    make_download(title="Straße nach Süden", category=games)
    make_download(title="計算機アプリ")
    make_download(title="Éclair Näh-Studio", tags=["sewing"])
    make_download(title="ÄÖÜ Ünïcode", license="GPL-3.0-or-later")
    make_download(title="Журнал Событий", organization=make_organization("Northwind"))
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
    ("drops solaris", "Packsmith"),
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
    ("äöü", "ÄÖÜ Ünïcode"),
    ("aou unicode", "ÄÖÜ Ünïcode"),
    ("ÜNÏ", "ÄÖÜ Ünïcode"),
    ("gpl-3.0", "ÄÖÜ Ünïcode"),
    ("журнал", "Журнал Событий"),
    ("СОБЫТИЙ", "Журнал Событий"),
    ("журнвл", "Журнал Событий"),
    ("northwind", "Журнал Событий"),
    ("計", "計算機アプリ"),
    ('"packsmith" AND (builds)', "Packsmith"),
    ('"packsmith"', "Packsmith"),
    ("packsmith -plugins +signs*", None),
    ("title:packsmith", None),
    ("packsmith | builds & signs", "Packsmith"),
    ("tar.gz", "Packsmith"),
    ("x64 linux", "Packsmith"),
    (f"packsmith {'builds ' * 1400}", "Packsmith"),
    ("x" * 10_000, None),
]
MISSPELLED = {"журнвл", "packsmyth", "paksmith", "pcaksmith", "packsmiht plugins", "eclare studio"}
NOT_FOUND = [
    " ", "-", "'", '"', "*", "zebra", "packsmith zebra", "(", "q:z:*", "\\", "NEAR(", "' OR 1=1 --", "!!", "&|",
    "\0",
]  # fmt: skip


@pytest.mark.usefixtures("shelf")
def test_first_result_of_each_query_is_the_expected_title() -> None:
    assert [(text, titles(text)[:1]) for text, _ in FOUND] == [
        (text, [title] if title else []) for text, title in FOUND
    ]


@pytest.mark.usefixtures("shelf")
def test_case_accents_and_parts_of_words_need_no_correction() -> None:
    texts = [text for text, _ in FOUND if text not in MISSPELLED]
    assert [text for text in texts if search_downloads(ANYONE, Criteria(text)).corrected_text] == []


@pytest.mark.usefixtures("shelf")
def test_queries_without_a_match_find_nothing_and_never_fail() -> None:
    assert {text: titles(text) for text in NOT_FOUND} == {text: [] for text in NOT_FOUND}


@pytest.mark.usefixtures("shelf")
def test_correction_is_named_only_when_it_was_needed() -> None:
    assert search_downloads(ANYONE, Criteria("packsmyth")).corrected_text == "packsmith"
    assert search_downloads(ANYONE, Criteria("packsmith")).corrected_text == ""
    assert search_downloads(ANYONE, Criteria("zebra")).corrected_text == ""


def test_words_of_private_downloads_correct_nothing_and_hide_no_correction() -> None:
    make_download(title="Packsmith")
    secret = make_download(title="Packsmyth", visibility="private")
    rebuild_index()
    assert search_downloads(ANYONE, Criteria("packsmyth")).corrected_text == "packsmith"
    update_download(actor=system(), download=secret, visibility="public")
    refresh_index()
    assert search_downloads(ANYONE, Criteria("packsmyth")).corrected_text == ""


def test_title_counts_more_than_names_and_names_more_than_texts() -> None:
    make_download(title="Third", description="About rockets.")
    make_download(title="Second", tags=["rockets"])
    make_download(title="Rockets and more")
    make_download(title="Rockets")
    rebuild_index()
    assert titles("rockets") == ["Rockets", "Rockets and more", "Second", "Third"]


HIDDEN: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "members": {"visibility": "members"},
    "organization": {"visibility": "organization"},
    "draft": {"state": "draft"},
    "moderated": {"state": "moderated"},
    "deleted": {"deleted_at": timezone.now()},
}


def test_visitors_find_and_count_only_what_they_may_see() -> None:
    """The index knows all of these downloads, as it does until the next refresh after a change."""
    make_file(make_version(make_download(title="Open thing", license="MIT", tags=["open"])), platform="linux")
    for name in HIDDEN:
        make_download(title=f"{name} thing", license=name, tags=[name], slug=name)
    inner = make_category("Members", members_only=True)
    version = make_version(make_download(title="Inner thing", license="inner", tags=["inner"], category=inner))
    make_file(version, platform="amiga")
    rebuild_index()
    for name, change in HIDDEN.items():
        Download.objects.filter(slug=name).update(**change)
    tree = CategoryTree(ANYONE)
    for criteria in (Criteria("thing"), Criteria(), Criteria("thing", sort="title"), Criteria(sort="rating")):
        found = search_downloads(ANYONE, criteria)
        counted = count_values(found.download_ids, tree)
        assert [Download.objects.get(pk=pk).title for pk in found.download_ids] == ["Open thing"]
        assert {kind: [value.value for value in values] for kind, values in counted.facets.items()} == {
            "platform": ["linux"], "license": ["mit"], "channel": ["stable"],
        }  # fmt: skip
        assert sum(counted.categories.values()) == 1
        assert inner.pk not in counted.categories
    for name in (*HIDDEN, "inner"):
        assert not search_downloads(ANYONE, Criteria(facets={"tag": name})).download_ids
        assert not search_downloads(ANYONE, Criteria("thing", facets={"license": name})).download_ids
    members = {"Open thing", "members thing", "Inner thing"}
    assert set(titles("thing", Actor(user=make_user()))) == members


def test_facets_hold_only_what_lists_show() -> None:
    download = make_download(license=" MIT ", tags=["C++", "c++", "Straße"])
    make_file(make_version(download, "1.0"), platform="Darwin")
    make_file(make_version(download, "2.0", channel="secret", state="draft"), platform="amiga")
    make_file(make_version(download, "3.0", channel="hidden", visibility="unlisted"), platform="beos")
    rebuild_index()
    assert set(Facet.objects.values_list("kind", "value", "label")) == {
        ("platform", "macos", "macOS"), ("license", "mit", "MIT"), ("channel", "stable", "stable"),
        ("tag", "c++", "C++"), ("tag", "strasse", "Straße"),
    }  # fmt: skip


def test_long_lists_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.search.queries.MAX_RESULTS", 2)
    for number in range(3):
        make_download(title=f"Many {number}")
    rebuild_index()
    for criteria in (Criteria("many"), Criteria("many", sort="title"), Criteria()):
        found = search_downloads(ANYONE, criteria)
        assert (len(found.download_ids), found.is_cut) == (2, True)


def test_rated_downloads_come_before_those_with_a_single_vote() -> None:
    for title, total, count in (("One vote", 5, 1), ("Many votes", 450, 100), ("Bad", 100, 100), ("None", 0, 0)):
        download = make_download(title=title)
        Download.objects.filter(pk=download.pk).update(rating_sum=total, rating_count=count)
    names = dict(Download.objects.values_list("pk", "title"))
    found = search_downloads(ANYONE, Criteria(sort="rating")).download_ids
    assert [names[pk] for pk in found] == ["Many votes", "One vote", "None", "Bad"]


def test_too_many_unknown_words_are_not_corrected() -> None:
    make_download(title="Alpha beta gamma delta epsilon")
    rebuild_index()
    assert titles("alpah gmama detla") == ["Alpha beta gamma delta epsilon"]
    assert titles("alpah gmama detla epsilno") == []


def test_search_shows_no_private_download_and_no_text_of_a_draft() -> None:
    secret = make_download(title="Secret project", owner=make_user("ann"))
    version = make_version(make_download(title="Open"), "9.9.9", state="draft", release_notes="Codename Bluebird")
    make_file(version, name="bluebird.zip")
    update_download(actor=system(), download=secret, visibility="private")
    rebuild_index()
    assert titles("secret") == []
    assert titles("bluebird") == titles("9.9.9") == []
    assert titles("secret", Actor(user=secret.owner)) == ["Secret project"]


def documents() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_document")
        return int(cursor.fetchone()[0])


def test_index_follows_changes() -> None:
    # The table belongs to no model, so tests with transactions of their own leave their documents in it.
    before = documents()
    download = make_download(title="First name", slug="thing")
    refresh_index()
    update_download(actor=system(), download=download, title="Other words")
    make_version(download, "7.7.7")
    assert refresh_index() == 1
    assert titles("other") == titles("7.7.7") == ["Other words"]
    assert titles("first") == []
    delete_download(actor=system(), download=download)
    refresh_index()
    assert documents() == before
    assert not Facet.objects.filter(download_id=download.pk).exists()
    assert refresh_index() == 0


def test_first_run_indexes_existing_downloads() -> None:
    make_download(title="Older than the index")
    SearchCursor.objects.all().delete()
    assert refresh_index() == 1
    assert titles("older") == ["Older than the index"]


@pytest.mark.embedded
def test_query_count_does_not_depend_on_the_matches() -> None:
    def count() -> int:
        rebuild_index()
        with CaptureQueriesContext(connection) as queries:
            assert search_downloads(ANYONE, Criteria("common")).download_ids
        return len(queries)

    make_download(title="Common 1")
    first = count()
    for number in range(2, 8):
        make_download(title=f"Common {number}")
    assert count() == first <= 2
