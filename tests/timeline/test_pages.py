"""Timelines of objects: every source in one order, page by page, and only for staff who may audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from files.models import DownloadDay
from releasehub.audit.actions import AuditAction
from releasehub.audit.services import record
from releasehub.core.actor import Actor
from releasehub.moderation.models import Verdict
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.timeline import pages
from releasehub.timeline.pages import timeline_page
from releasehub.timeline.sources import SUBJECTS, Source, TimelineEntry
from releasehub.webhooks.endpoints import create_endpoint
from tests.conftest import begin_with
from tests.crawling import kind_of
from tests.factories import make_download, make_user, make_version, system


class Past:
    """A version with a file that was published, delivered, decided about and downloaded, and an auditor."""

    def __init__(self) -> None:
        self.auditor = make_user("auditor", is_staff=True, permissions=("moderate_download",))
        self.owner = make_user("owner")
        download = make_download(self.owner, title="Tool")
        self.endpoint = create_endpoint(
            actor=Actor(user=self.owner), url="https://93.184.215.14/hook", download_id=download.pk
        )[0]
        self.version = make_version(download, "1.0.0", files=1)
        self.version = move(Move.YANK, actor=Actor(user=self.owner), version=self.version, reason="broken")
        Verdict.objects.create(kind="version", object_id=self.version.pk, is_approval=True, moderator=self.auditor)
        self.today = timezone.now().date()
        for days, count in ((0, 5), (1, 7)):
            day = self.today - timedelta(days=days)
            DownloadDay.objects.create(file=self.version.files.get(), day=day, downloads=count, bot_downloads=1)

    def subject(self, name: str) -> Any:
        rows = {"download": self.version.download, "version": self.version, "user": self.owner,
                "file": self.version.files.get(), "endpoint": self.endpoint}  # fmt: skip
        return rows[name]


pytestmark = [pytest.mark.django_db, begin_with(Past), pytest.mark.embedded]


@pytest.fixture
def client(world: Past) -> Client:
    client = Client()
    client.force_login(world.auditor)
    return client


def everything(subject: Any) -> list[TimelineEntry]:
    """Return all entries, from page to page."""
    entries, cursor = [], ""
    while True:
        page = timeline_page(system(), subject, list(Source), cursor)
        entries += page.entries
        cursor = page.cursor
        if not cursor:
            return entries


def test_version_has_every_source_in_chronological_order(world: Past) -> None:
    entries = everything(world.version)
    assert {entry.source for entry in entries} == set(Source)
    assert entries == sorted(entries, key=lambda entry: entry.moment, reverse=True)
    actions = [entry.row.action for entry in entries if entry.source == Source.AUDIT]
    assert actions == ["version.yank", "version.create"]
    assert [entry.count for entry in entries if entry.source == Source.DOWNLOADS] == [6, 8]


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("download", {"audit", "event", "delivery", "downloads"}),
        ("file", {"audit", "event", "delivery", "downloads"}),
        ("user", {"audit"}),
        ("endpoint", {"audit", "delivery"}),
    ],
)
def test_other_objects_have_the_sources_that_know_them(world: Past, name: str, sources: set[str]) -> None:
    assert {entry.source for entry in everything(world.subject(name))} == sources


def test_user_has_what_they_did_and_what_was_done_to_them(world: Past) -> None:
    record(actor=system(), action=AuditAction.USER_UPDATE, target=world.owner)
    actions = {entry.row.action for entry in everything(world.owner)}
    assert {"version.yank", "user.update", "endpoint.create"} <= actions


def test_pages_join_without_gaps_or_repetitions(world: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = everything(world.version)
    for size in (1, 2, 3):
        monkeypatch.setattr(pages, "ENTRIES_PER_PAGE", size)
        assert everything(world.version) == whole


@pytest.mark.parametrize("cursor", ["nonsense", "audit-x", "downloads-0", "downloads-999999999", "event-1" * 100])
def test_invalid_cursor_raises_no_error(world: Past, cursor: str) -> None:
    timeline_page(system(), world.version, list(Source), cursor)


def test_pages_link_rows_and_are_linked_from_their_objects(world: Past, client: Client) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    linked: dict[Any, str] = {}
    for name in SUBJECTS:
        subject = world.subject(name)
        url = f"/admin/timeline/{name}/{subject.pk}/"
        meta = subject._meta
        change = client.get(f"/admin/{meta.app_label}/{meta.model_name}/{subject.pk}/change/")
        assert url in change.content.decode()
        page = client.get(url)
        assert page.status_code == 200
        text = page.content.decode()
        rows = [line.url for line in page.context["lines"]]
        assert rows
        assert [row for row in rows if row not in text.replace("&amp;", "&")] == []
        linked |= {(name, line.source, kind_of(line.url)): line.url for line in page.context["lines"]}
    answers = {row: client.get(row).status_code for row in {*linked.values()}}
    assert answers == dict.fromkeys(answers, 200)


def test_page_takes_the_same_number_of_queries(world: Past, client: Client, django_assert_max_num_queries: Any) -> None:
    url = f"/admin/timeline/version/{world.version.pk}/"
    counts = []
    for rows in (0, 20):
        for _ in range(rows):
            record(actor=system(), action=AuditAction.VERSION_UPDATE, target=world.version)
            Verdict.objects.create(kind="version", object_id=world.version.pk, is_approval=True, moderator=make_user())
        with django_assert_max_num_queries(40) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_only_staff_with_the_right_to_audit_see_a_timeline(world: Past, client: Client) -> None:
    url = f"/admin/timeline/version/{world.version.pk}/"
    world.owner.is_staff = True
    world.owner.save()
    client.force_login(world.owner)
    assert client.get(url).status_code == 403
    change = client.get(f"/admin/versions/version/{world.version.pk}/change/")
    assert change.status_code == 200
    assert url not in change.content.decode()


@pytest.mark.parametrize("path", ["nothing/1/", f"version/{10**18}/", f"version/{10**30}/", "user/1/"])
def test_unknown_or_invisible_objects_have_no_timeline(world: Past, client: Client, path: str) -> None:
    assert client.get(f"/admin/timeline/{path}").status_code == 404


def test_events_are_shown_only_to_staff_who_may_open_them(world: Past, client: Client) -> None:
    client.force_login(make_user("clerk", is_staff=True, permissions=("view_auditentry", "view_download")))
    page = client.get(f"/admin/timeline/version/{world.version.pk}/")
    assert {line.source for line in page.context["lines"]} == {"audit", "decision", "downloads"}


def test_deliveries_to_endpoints_of_other_people_are_left_out(world: Past, client: Client) -> None:
    """The URL of an endpoint may contain a secret, as those of chat programs do."""
    clerk = make_user("clerk", is_staff=True, permissions=("view_auditentry", "view_download"))
    make_download(clerk)  # whose endpoints the clerk may read
    client.force_login(clerk)
    page = client.get(f"/admin/timeline/version/{world.version.pk}/")
    assert {line.source for line in page.context["lines"]} == {"audit", "decision", "downloads"}
    assert world.endpoint.url not in page.content.decode()
