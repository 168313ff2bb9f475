"""Prefixes of downloads: who changes them, in which categories they fit, and what is recorded."""

from __future__ import annotations

import pytest

from downloads.models import Category, Download
from downloads.services import create_prefix, delete_category, delete_prefix, update_download, update_prefix
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.webhooks.models import Event
from tests.factories import make_category, make_download, make_prefix, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def change(download: Download, **fields: object) -> Download:
    return update_download(actor=Actor(user=download.owner), download=download, **fields)


def test_prefix_fits_only_its_categories() -> None:
    games, tools = make_category("Games"), make_category("Tools")
    prefix = make_prefix("Mod", categories=(games,))
    download = make_download(category=tools)
    with pytest.raises(Invalid, match=r"does not fit the category Tools\. It fits Games\."):
        change(download, prefix=prefix)
    with pytest.raises(Invalid, match="does not fit"):
        make_download(category=tools, prefix=prefix)
    assert change(download, prefix=make_prefix("Anywhere")).prefix.title == "Anywhere"


def test_download_and_its_prefix_move_together() -> None:
    games, tools = make_category(), make_category()
    download = make_download(category=games, prefix=make_prefix(categories=(games,)))
    with pytest.raises(Invalid, match="does not fit"):
        change(download, category=tools)
    moved = change(download, category=tools, prefix=None)
    assert (moved.category, moved.prefix) == (tools, None)


def test_change_of_a_prefix_leaves_downloads_as_they_are() -> None:
    games, tools = make_category(), make_category()
    prefix = make_prefix("Mod", categories=(games,))
    download = make_download(category=games, prefix=prefix)
    update_prefix(actor=system(), prefix=prefix, title="Mods", categories=[tools])
    assert AuditEntry.objects.latest("id").changes == {"title": ["Mod", "Mods"], "categories": [[games.pk], [tools.pk]]}
    assert change(download, tag_line="Edited").prefix == prefix


def test_deleted_prefix_disappears_from_downloads() -> None:
    prefix = make_prefix("Mod")
    download = make_download(prefix=prefix)
    assert Event.objects.latest("id").data["prefix_id"] == prefix.pk
    delete_prefix(actor=system(), prefix=prefix)
    download.refresh_from_db()
    assert download.prefix is None
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.changes) == ("prefix.delete", {"downloads": 1})


def test_only_administrators_change_prefixes() -> None:
    author, prefix = Actor(user=make_user()), make_prefix()
    for attempt in (
        lambda: create_prefix(actor=author, title="Mine"),
        lambda: update_prefix(actor=author, prefix=prefix, title="Mine"),
        lambda: delete_prefix(actor=author, prefix=prefix),
    ):
        with pytest.raises(Denied):
            attempt()


def test_title_of_a_prefix_is_unique() -> None:
    make_prefix("Mod")
    with pytest.raises(Invalid, match="already has the title Mod"):
        update_prefix(actor=system(), prefix=make_prefix(), title="Mod")


def test_category_of_a_prefix_cannot_be_deleted_if_it_is_the_only_one() -> None:
    only, other = make_category(), make_category()
    prefix = make_prefix(categories=(only,))
    with pytest.raises(Conflict, match="limited to the category"):
        delete_category(actor=system(), category=only)
    update_prefix(actor=system(), prefix=prefix, categories=[only, other])
    delete_category(actor=system(), category=only)
    assert [*prefix.categories.all()] == [*Category.objects.filter(pk=other.pk)]
