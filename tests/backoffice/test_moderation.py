"""The moderation queue: what waits in one list, decisions that reach the author, and who works on what."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from downloads.services import create_download, lock_download
from files.quarantine import quarantine_file
from files.services import link_file
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.audit.models import AuditEntry
from releasehub.community.models import Comment, Report
from releasehub.community.services import edit_comment
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound
from releasehub.moderation import kinds
from releasehub.moderation.assignments import assign
from releasehub.moderation.decisions import decide
from releasehub.moderation.models import Assignment, Kind, Verdict
from releasehub.moderation.queue import QueueFilter, waiting_rows
from releasehub.publishing.deletion import delete_download, delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from tests.conftest import begin_with
from tests.factories import (
    make_category,
    make_comment,
    make_download,
    make_file,
    make_report,
    make_review,
    make_user,
    make_version,
    system,
)

URL = "/admin/moderation/"


class Desk:
    """One row of every kind that waits, all about the work of `author`, and a moderator."""

    def __init__(self) -> None:
        self.author = make_user("author", email="author@example.org", language="de")
        self.user = make_user("mod", is_staff=True, permissions=("moderate_download",))
        self.category = make_category("Checked", requires_approval=True, comments_need_approval=True)
        actor = Actor(user=self.author)
        self.download = create_download(actor=actor, category=self.category, title="Waiting", owner=self.author)
        self.shown = make_download(self.author, category=self.category, title="Shown", state="visible")
        make_file(make_version(self.shown, "1.0.0", release_notes="Fast.\nSmall."), name="tool-1.0.0.zip", content=b"1")
        self.version = create_version(
            actor=actor, download_id=self.shown.pk, number="2.0.0", release_notes="Fast.\nHuge.", state="draft"
        )
        make_file(self.version, name="tool-2.0.0.zip", content=b"22")
        self.version = move(Move.PUBLISH, actor=actor, version=self.version)
        self.comment = make_comment(self.shown, make_user(), text="First!")
        self.review = make_review(self.shown, make_user(), text="Good.")
        self.report = make_report(self.shown)
        self.file = make_file(make_version(self.shown, "0.9.0"), name="old.zip")
        quarantine_file(actor=system(), file=self.file, reason="Harmful.")

    @property
    def actor(self) -> Actor:
        return Actor(user=self.user)

    def rows(self, **wanted: Any) -> set[str]:
        return {row["subject"] for row in waiting_rows(self.actor, QueueFilter(**wanted))}


pytestmark = [pytest.mark.django_db, begin_with(Desk), pytest.mark.embedded]


@pytest.fixture
def client(world: Desk) -> Client:
    client = Client()
    client.force_login(world.user)
    return client


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_everything_that_waits_is_in_one_list(world: Desk, client: Client) -> None:
    assert world.rows() == set(Kind.values)
    page = text_of(client.get(URL))
    for shown in ("Waiting", "Shown 2.0.0", "First!", "Good.", "Look at this.", "old.zip", "Harmful."):
        assert shown in page


def test_version_is_compared_with_the_one_before(world: Desk, client: Client) -> None:
    page = text_of(client.get(URL, {"kind": "version"}))
    assert "<del>Small.</del><ins>Huge.</ins>" in page
    assert ">changed</span>" in page
    assert "tool-2.0.0.zip" in page


def test_findings_of_the_checks_are_shown(world: Desk, client: Client) -> None:
    world.version.files.update(findings=[{"code": "archive.setuid", "message": "A member is setuid.", "member": "sh"}])
    assert "A member is setuid." in text_of(client.get(URL, {"kind": "version"}))


def test_nothing_of_a_deleted_download_waits(world: Desk) -> None:
    """Its rows could not be decided about: they have to be restored first."""
    for download in (world.download, world.shown):
        delete_download(actor=system(), download=download)
    assert world.rows() == {"report"}


def test_filters_select_by_kind_age_and_assignee(world: Desk) -> None:
    Report.objects.update(created_at="2020-01-01T00:00:00Z")
    assign(actor=world.actor, kind=Kind.COMMENT, object_id=world.comment.pk, assignee=world.user)
    assert world.rows(kind="review") == {"review"}
    assert world.rows(days=7) == {"report"}
    assert world.rows(assignee=str(world.user.pk)) == {"comment"}
    assert world.rows(assignee="none") == set(Kind.values) - {"comment"}


def test_list_takes_the_same_number_of_queries(world: Desk, client: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for rows in (0, 3):
        for number in range(rows):
            make_comment(world.shown, make_user())
            owner = make_user()
            create_download(actor=Actor(user=owner), category=world.category, title="More", owner=owner)
            version = make_version(make_download(), f"3.{number}.0", state="draft", files=2)
            type(version).objects.filter(pk=version.pk).update(state="pending")
        with django_assert_max_num_queries(60) as queries:
            assert client.get(URL).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_list_is_divided_into_pages(world: Desk, client: Client) -> None:
    for _ in range(20):
        make_report(make_download())
    assert "Page 1 of 2" in text_of(client.get(URL))
    assert text_of(client.get(URL, {"page": 2})).count('class="hub-item"') == 6


DECISIONS = {
    (Kind.DOWNLOAD, True): ("download", {"state": "visible"}),
    (Kind.DOWNLOAD, False): ("download", {"state": "draft"}),
    (Kind.VERSION, True): ("version", {"state": "published"}),
    (Kind.VERSION, False): ("version", {"state": "draft"}),
    (Kind.COMMENT, True): ("comment", {"state": "visible"}),
    (Kind.COMMENT, False): ("comment", {"delete_reason": "Because."}),
    (Kind.REVIEW, True): ("review", {"state": "visible"}),
    (Kind.REVIEW, False): ("review", {"delete_reason": "Because."}),
    (Kind.REPORT, True): ("report", {"state": "resolved", "note": "Because."}),
    (Kind.REPORT, False): ("report", {"state": "dismissed", "note": "Because."}),
    (Kind.FILE, True): ("file", {"quarantine": None}),
    (Kind.FILE, False): ("file", {"delete_reason": "Because."}),
}


@pytest.mark.parametrize(("kind", "is_approval"), DECISIONS)
def test_decision_is_carried_out_by_the_service(world: Desk, client: Client, kind: Kind, is_approval: bool) -> None:
    name, expected = DECISIONS[kind, is_approval]
    row = getattr(world, name)
    action = "approve" if is_approval else "reject"
    client.post(URL, {"row": f"{kind}-{row.pk}", "action": action, "note": "Because."})
    row = type(row)._base_manager.get(pk=row.pk)
    assert {field: getattr(row, field) for field in expected} == expected
    assert kind not in world.rows()
    verdict = Verdict.objects.get(kind=kind, object_id=row.pk)
    assert (verdict.is_approval, verdict.note, verdict.moderator) == (is_approval, "Because.", world.user)
    entry = AuditEntry.objects.get(action=f"moderation.{action}")
    assert (entry.reason, entry.target_id, entry.actor_id) == ("Because.", row.pk, world.user.pk)


def test_note_reaches_the_author_by_mail_and_on_the_page(world: Desk, client: Client, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    for kind, row in ((Kind.VERSION, world.version), (Kind.DOWNLOAD, world.download)):
        decide(actor=world.actor, kind=kind, object_id=row.pk, is_approval=False, note="The license is missing.")
    assert send_queued_mail() == 2
    assert [message.to for message in mail.outbox] == [["author@example.org"]] * 2
    assert mail.outbox[0].subject == "Version 2.0.0 von Shown wurde an Sie zurückgegeben"
    assert "The license is missing." in mail.outbox[0].body
    client.force_login(world.author)
    for page, row in (("desk-version", world.version), ("desk-download", world.download)):
        assert "The license is missing." in text_of(client.get(reverse(f"pages:{page}", args=[row.public_id])))


def test_rejection_needs_a_note_and_a_row_that_waits(world: Desk) -> None:
    values: dict[str, Any] = {"actor": world.actor, "kind": Kind.VERSION, "object_id": world.version.pk}
    for note in (" ", "x" * 501):
        with pytest.raises(Invalid):
            decide(**values, is_approval=False, note=note)
    decide(**values, is_approval=True)
    with pytest.raises(Conflict):
        decide(**values, is_approval=True)


@pytest.mark.parametrize("kind", [Kind.DOWNLOAD, Kind.VERSION, Kind.COMMENT, Kind.FILE])
def test_decision_waits_for_another_moderator(world: Desk, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is loaded after the lock on its download, so that the second decision finds that it does not wait."""
    values: dict[str, Any] = {"actor": world.actor, "kind": kind, "object_id": getattr(world, kind.value).pk}

    def wait(pk: int) -> None:
        monkeypatch.setattr(kinds, "lock_download", lock_download)
        decide(**values, is_approval=True)  # the other transaction commits

    monkeypatch.setattr(kinds, "lock_download", wait)
    with pytest.raises(Conflict, match="Another moderator has decided"):
        decide(**values, is_approval=False, note="Because.")


def test_moderator_does_not_approve_what_was_changed_after_the_page_was_loaded(world: Desk, client: Client) -> None:
    page = client.get(URL, {"kind": "comment"})
    (item,) = page.context["items"]
    assert text_of(page).count(f'name="row" value="{item.seen_key}"') == 2
    edit_comment(actor=Actor(user=world.comment.author), comment=world.comment, text="Buy this elsewhere!")
    values = {"row": item.seen_key, "action": "approve"}
    assert "was changed after you opened the queue" in text_of(client.post(URL, values, follow=True))
    (item,) = client.get(URL, {"kind": "comment"}).context["items"]
    client.post(URL, values | {"row": item.seen_key})
    world.comment.refresh_from_db()
    assert (world.comment.state, world.comment.text) == ("visible", "Buy this elsewhere!")


def test_moderator_does_not_approve_a_version_whose_files_changed_after_the_page_was_loaded(
    world: Desk, client: Client
) -> None:
    (item,) = client.get(URL, {"kind": "version"}).context["items"]
    values = {"row": item.seen_key, "action": "approve"}
    late = link_file(actor=system(), version=world.version, url="https://example.org/late.zip")  # waits for its checks
    assert "was changed after you opened the queue" in text_of(client.post(URL, values, follow=True))
    (item,) = client.get(URL, {"kind": "version"}).context["items"]
    delete_file(actor=system(), file=late)
    client.post(URL, values | {"row": item.seen_key})
    world.version.refresh_from_db()
    assert world.version.state == "pending"
    (item,) = client.get(URL, {"kind": "version"}).context["items"]
    client.post(URL, values | {"row": item.seen_key})
    world.version.refresh_from_db()
    assert world.version.state == "published"


def test_refused_decision_leaves_nothing_behind(world: Desk) -> None:
    world.version.files.all().delete()
    with pytest.raises(Invalid):
        decide(actor=world.actor, kind=Kind.VERSION, object_id=world.version.pk, is_approval=True)
    assert not Verdict.objects.exists()
    assert not AuditEntry.objects.filter(action="moderation.approve").exists()


def test_several_rows_are_decided_at_once(world: Desk, client: Client) -> None:
    rows = [f"comment-{world.comment.pk}", f"review-{world.review.pk}", "comment-999999", "nonsense-1"]
    page = text_of(client.post(URL, {"row": rows, "action": "approve"}, follow=True))
    assert "2 approved." in page
    assert "Comment 999999: Another moderator has decided" in page
    assert Comment.objects.get(pk=world.comment.pk).state == "visible"


def test_rows_without_the_note_that_they_need_are_named_and_stay_selected(world: Desk, client: Client) -> None:
    rows = [f"comment-{world.comment.pk}", f"report-{world.report.pk}"]
    page = text_of(client.post(f"{URL}?days=", {"row": rows, "action": "reject"}, follow=True))
    assert "1 rejected." in page
    assert f"{world.comment}: Enter a note" in html.unescape(page)
    assert re.findall(r'id="select-([^"]+)"[^>]* checked', page) == rows[:1]


def test_row_is_assigned_and_the_decision_ends_it(world: Desk, client: Client) -> None:
    key = {"row": f"report-{world.report.pk}"}
    client.post(URL, {**key, "action": "assign", "assignee": world.user.pk})
    assert "assigned to <strong>mod</strong>" in text_of(client.get(URL, {"assignee": "me"}))
    entry = AuditEntry.objects.get(action="moderation.assign")
    assert entry.changes == {"assignee": ["", "mod"]}
    client.post(URL, {**key, "action": "approve"})
    assert not Assignment.objects.exists()


def test_only_what_waits_is_assigned_and_only_to_moderators(world: Desk) -> None:
    values: dict[str, Any] = {"actor": world.actor, "kind": Kind.REPORT}
    with pytest.raises(Invalid, match="author may not moderate"):
        assign(**values, object_id=world.report.pk, assignee=world.author)
    with pytest.raises(NotFound):
        assign(**values, object_id=world.report.pk + 1000, assignee=world.user)


def test_only_moderators_see_and_change_the_queue(world: Desk, client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    assert client.get(URL).status_code == 403
    assert "/admin/moderation/" not in text_of(client.get("/admin/"))
    stranger = Actor(user=world.author)
    with pytest.raises(Denied):
        waiting_rows(stranger)
    with pytest.raises(Denied):
        decide(actor=stranger, kind=Kind.REPORT, object_id=world.report.pk, is_approval=True)
    with pytest.raises(Denied):
        assign(actor=stranger, kind=Kind.REPORT, object_id=world.report.pk, assignee=None)
