"""Reports of visitors: who may send them, who sees and closes them, and what remains of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from downloads.models import Download
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import OutgoingMail
from releasehub.audit.models import AuditEntry
from releasehub.community.models import Report
from releasehub.community.personal_data import contributions_of
from releasehub.community.report_policy import report_policy
from releasehub.community.services import create_report, delete_contribution, dismiss_report, resolve_report
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound, TooMany
from releasehub.publishing.deletion import delete_download
from releasehub.publishing.purge import purge_deleted
from releasehub.webhooks.models import Event
from tests.factories import make_comment, make_download, make_report, make_review, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FIELDS = {"reason": "malware", "text": "It steals passwords."}


@pytest.fixture
def download() -> Download:
    return make_download(title="Tool")


@pytest.fixture
def moderator() -> Actor:
    return Actor(user=make_user("mod", is_staff=True, permissions=("moderate_download",)))


def visitor(address: str = "192.0.2.1") -> Actor:
    return Actor(address=address)


@pytest.mark.parametrize("kind", ["download", "version", "comment", "review"])
def test_everything_on_a_download_can_be_reported(download: Download, kind: str) -> None:
    make = {
        "download": lambda: download,
        "version": lambda: make_version(download, "1.0"),
        "comment": lambda: make_comment(download, make_user("ann")),
        "review": lambda: make_review(download, make_user("ann")),
    }
    target = make[kind]()
    events = Event.objects.count()
    report = create_report(actor=Actor(user=make_user()), target=target, **FIELDS)
    assert (report.kind, report.object_id, report.download, report.state) == (kind, target.pk, download, "open")
    assert "Tool" in report.label
    assert "ann" not in report.label
    assert AuditEntry.objects.get(action="report.create").changes == {"reason": "malware"}
    assert Event.objects.count() == events  # the owner of the download could read it


def test_one_report_of_a_person_about_a_target_is_open(download: Download, moderator: Actor) -> None:
    actor = Actor(user=make_user())
    report = create_report(actor=actor, target=download, **FIELDS)
    create_report(actor=Actor(user=make_user()), target=download, **FIELDS)
    create_report(actor=actor, target=make_version(download, "1.0"), **FIELDS)
    with pytest.raises(Conflict):
        create_report(actor=actor, target=download, **FIELDS)
    resolve_report(actor=moderator, report=report)
    assert create_report(actor=actor, target=download, **FIELDS).is_open


def test_anonymous_visitors_need_the_setting_and_count_by_network(download: Download, settings: Any) -> None:
    with pytest.raises(Denied):
        create_report(actor=visitor(), target=download, **FIELDS)
    settings.ANONYMOUS_REPORTS = True
    report = create_report(actor=visitor(), target=download, **FIELDS)
    assert report.reporter is None
    assert "192.0.2" not in report.reporter_key
    with pytest.raises(Conflict):
        create_report(actor=visitor(), target=download, **FIELDS)
    assert create_report(actor=visitor("198.51.100.7"), target=download, **FIELDS).is_open


def test_reports_in_an_hour_are_limited(download: Download, settings: Any) -> None:
    settings.REPORTS_PER_HOUR, settings.DOWNLOAD_REPORTS_PER_HOUR = 1, 2
    actor = Actor(user=make_user())
    create_report(actor=actor, target=download, **FIELDS)
    with pytest.raises(TooMany):
        create_report(actor=actor, target=make_download(), **FIELDS)
    make_report(download)
    with pytest.raises(TooMany):
        make_report(download)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"reason": "boring"}, "reason"), ({"text": " \n"}, "text"), ({"text": "x" * 2001}, "text")],
    ids=["reason", "empty", "long"],
)
def test_invalid_fields_are_named(download: Download, fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_report(actor=Actor(user=make_user()), target=download, **(FIELDS | fields))
    assert refusal.value.field == field


def test_what_the_visitor_does_not_see_cannot_be_reported(download: Download) -> None:
    comment, draft = make_comment(download), make_version(download, "2.0", state="draft")
    delete_contribution(actor=system(), row=comment)
    comment.refresh_from_db()
    for target in (comment, draft, make_download(visibility="private")):
        with pytest.raises(NotFound):
            create_report(actor=Actor(user=make_user()), target=target, **FIELDS)


def test_only_moderators_see_and_close_reports(download: Download, moderator: Actor) -> None:
    reporter = make_user()
    report = make_report(download, reporter)
    for actor in (Actor(user=download.owner), Actor(user=reporter), visitor()):
        assert not report_policy.can_view(actor, report)
        assert not Report.objects.visible_to(actor)
        with pytest.raises(NotFound):
            dismiss_report(actor=actor, report=report)
    assert list(Report.objects.visible_to(moderator)) == [report]
    dismiss_report(actor=moderator, report=report, note="Looks fine.")
    entry = AuditEntry.objects.get(action="report.dismiss")
    assert (entry.reason, entry.actor_id) == ("Looks fine.", moderator.user_id)
    with pytest.raises(Conflict):
        resolve_report(actor=moderator, report=report)


def test_the_author_of_a_report_gets_the_outcome_by_mail(settings: Any, moderator: Actor) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    report = make_report(make_download(title="Tool"), make_user(email="ann@example.org"))
    resolve_report(actor=moderator, report=report, note="The file was removed.")
    assert send_queued_mail() == 1
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ann@example.org"], "Your report about Tool")
    assert "took action" in message.body
    assert "The file was removed." in message.body


def test_the_outcome_is_written_in_the_language_of_the_author(settings: Any, moderator: Actor) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    author = make_user(email="ann@example.org", language="de")
    dismiss_report(actor=moderator, report=make_report(make_comment(make_download(title="Tool")), author))
    send_queued_mail()
    (message,) = mail.outbox
    assert message.subject == "Ihre Meldung: ein Kommentar zu Tool"
    assert message.body.startswith("Ein Moderator hat Ihre Meldung geprüft")


def test_nothing_is_queued_without_a_mail_server(moderator: Actor) -> None:
    resolve_report(actor=moderator, report=make_report(reporter=make_user(email="ann@example.org")))
    assert not OutgoingMail.objects.exists()


def test_personal_export_contains_the_reports_of_a_user() -> None:
    user = make_user()
    make_report(make_download(title="Tool"), user)
    make_report()
    assert [row["label"] for row in contributions_of(user)["reports"]] == ["Tool"]


def test_closed_reports_are_deleted_after_their_period(moderator: Actor) -> None:
    still_open, closed = make_report(), resolve_report(actor=moderator, report=make_report())
    assert purge_deleted(older_than=timedelta(days=1))["reports"] == 0
    Report.objects.filter(pk=closed.pk).update(handled_at=timezone.now() - timedelta(days=200))
    assert purge_deleted()["reports"] == 1
    assert list(Report.objects.all()) == [still_open]


def test_a_report_outlives_an_erased_comment_but_not_its_download(download: Download) -> None:
    comment = make_comment(download)
    report = make_report(comment)
    delete_contribution(actor=system(), row=comment, hard=True)
    assert Report.objects.get() == report
    with pytest.raises(NotFound):
        make_report(comment)
    delete_download(actor=system(), download=download, hard=True)
    assert not Report.objects.exists()
