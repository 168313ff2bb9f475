"""Imports on the author's desk: nothing is imported before its list was shown, and only the team sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.opening import settings_of
from releasehub.importing.running import work
from tests.factories import make_category, make_user
from tests.importing.conftest import host as host
from tests.importing.hosts import TOKEN, Host
from tests.sessions import signed_in
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NEW = "/account/imports/new/"


def values(host: Host, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "github",
        "address": "acme/tool",
        "api_url": host.api,
        "has_prereleases": "on",
        "sync_hours": 0,
        "when_removed": "keep",
    } | changes


def page(source: ImportSource, *parts: str) -> str:
    return reverse("pages:desk-import", args=[source.public_id]) + "".join(f"{part}/" for part in parts)


@pytest.fixture
def source(author: Client, download: Download, host: Host) -> ImportSource:
    """An import whose list was made."""
    author.post(NEW, values(host, download=download.public_id, token=TOKEN))
    work(ImportRun.objects.get().pk)
    return ImportSource.objects.get()


def test_releases_are_listed_before_anything_is_imported(author: Client, source: ImportSource, host: Host) -> None:
    text = author.get(page(source)).content.decode()
    assert "What an import would do" in text
    assert "v1.0.1" in text
    assert "to be created" in text
    assert not Version.objects.exists()
    assert not host.file_requests()


def test_import_runs_in_a_worker_and_its_page_shows_the_end(author: Client, source: ImportSource) -> None:
    author.post(page(source, "do", "start"))
    run = ImportRun.objects.get(is_dry_run=False)
    text = author.get(page(source)).content.decode()
    assert "hx-get" in text
    assert "Cancel the run" in text
    work(run.pk)
    text = author.get(page(source)).content.decode()
    assert "hx-get" not in text
    assert text.count("imported") >= 3
    assert Version.objects.filter(author__username="ann").count() == 3
    version = Version.objects.get(number="1.0.0")
    shown = author.get(reverse("pages:desk-version", args=[version.public_id])).content.decode()
    assert f'Imported from <a href="{page(source)}" dir="auto">GitHub' in shown
    admin = signed_in(make_user(is_superuser=True, is_staff=True))
    assert "acme/tool" in admin.get(reverse("admin:versions_version_change", args=[version.pk])).content.decode()
    assert "3 listed, 3 created" in admin.get(reverse("admin:importing_importrun_changelist")).content.decode()


def test_token_is_stored_encrypted_and_never_shown(author: Client, source: ImportSource) -> None:
    assert settings_of(source).token == TOKEN
    assert TOKEN not in source.sealed_token
    for name in ("", "edit/"):
        assert TOKEN not in author.get(page(source) + name).content.decode()


def test_settings_keep_or_remove_the_token(author: Client, source: ImportSource, host: Host) -> None:
    kept = {"sync_hours": 24, "when_removed": "yank", "token": ""}
    assert author.post(page(source, "edit"), kept)["Location"] == page(source)
    source.refresh_from_db()
    assert (source.sync_hours, source.when_removed, source.has_prereleases) == (24, "yank", False)
    assert source.next_sync_at is not None
    assert source.has_token
    author.post(page(source, "edit"), kept | {"no_token": "on"})
    source.refresh_from_db()
    assert not source.has_token


def test_new_download_is_a_draft_of_the_author(author: Client, host: Host) -> None:
    category = make_category(title="Tools", slug="tools-here")
    author.post(NEW, values(host, category=category.pk))
    made = ImportSource.objects.get().download
    assert (made.title, made.state, made.owner.username) == ("tool", "draft", "ann")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"address": "tool"}, "has to look like owner/repository"),
        ({"kind": "gitea", "api_url": ""}, "need the URL of their API"),
        ({"download": ""}, "Choose a category"),
    ],
)
def test_errors_are_shown_beside_the_field(
    author: Client, download: Download, host: Host, changes: dict[str, Any], message: str
) -> None:
    answer = author.post(NEW, values(host, download=download.public_id) | changes)
    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert not ImportSource.objects.exists()


def test_second_run_waits_for_the_first(author: Client, source: ImportSource) -> None:
    author.post(page(source, "do", "start"))
    answer = author.post(page(source, "do", "start"), follow=True)
    assert "A run of this import is under way" in answer.content.decode()
    author.post(page(source, "do", "cancel"))
    assert ImportRun.objects.order_by("-id")[0].state == "canceled"


def test_strangers_find_nothing(source: ImportSource) -> None:
    stranger = signed_in(make_user("eve"))
    assert "acme/tool" not in stranger.get(reverse("pages:desk-imports")).content.decode()
    for name in ("", "edit/", "delete/"):
        assert stranger.get(page(source) + name).status_code == 404
    for name in ("start", "check", "cancel"):
        assert stranger.post(page(source, "do", name)).status_code == 404
    assert stranger.post(page(source, "delete")).status_code == 404
    assert Client().get(page(source)).status_code == 302


def test_deleted_import_leaves_its_versions(author: Client, source: ImportSource) -> None:
    author.post(page(source, "do", "start"))
    run = ImportRun.objects.get(is_dry_run=False)
    assert "is under way" in author.post(page(source, "delete"), follow=True).content.decode()
    work(run.pk)
    author.post(page(source, "delete"))
    assert not ImportSource.objects.exists()
    assert Version.objects.count() == 3


def test_lists_take_the_same_queries_for_many_rows(
    author: Client, source: ImportSource, django_assert_max_num_queries: Any
) -> None:
    for path in (page(source), reverse("pages:desk-imports")):
        with django_assert_max_num_queries(14):
            author.get(path)
