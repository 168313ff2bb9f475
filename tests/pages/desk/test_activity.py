"""The activity of a download, in words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from downloads.activity import OF_THE_CONTENT, OF_THE_PEOPLE, actions_about
from downloads.models import Download
from downloads.services import set_team_member, update_download
from releasehub.accounts.services.anonymizing import anonymize_user
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.distribution.access_keys import issue_access_key
from releasehub.pages.desk.activity_words import WORDS
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_user, make_version, system
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def page(download: Download) -> str:
    return reverse("pages:desk-activity", args=[download.public_id])


def lines(client: Client, download: Download, **query: int) -> list[str]:
    """Return the text of each line, newest first."""
    shown = client.get(page(download), query).context["page"]
    plain = [line.text.replace("<strong>", "").replace("</strong>", "") for line in shown]
    return [line.replace("<span>", "").replace("</span>", "") for line in plain]


def test_every_action_has_words() -> None:
    assert set(actions_about(OF_THE_CONTENT + OF_THE_PEOPLE)) == WORDS.keys()


def test_changes_are_told_newest_first_with_reason_and_fields(author: Client, download: Download) -> None:
    owner = Actor(user=download.owner)
    version = make_version(download, "1.0.0", files=1)
    move(Move.YANK, actor=owner, version=version, reason="It deletes the wrong folder.")
    update_download(actor=owner, download=download, tag_line="New")
    assert lines(author, download)[:2] == ["ann changed the download.", "ann yanked the version 1.0.0."]
    shown = author.get(page(download)).content.decode()
    assert "It deletes the wrong folder." in shown
    assert "Summary" in shown


def test_markup_in_names_is_escaped(author: Client, download: Download) -> None:
    update_download(actor=system(), download=download, title="<b>T</b>")
    make_version(download, "1.0.0")
    assert "<b>T" not in author.get(page(download)).content.decode()


def test_long_activity_has_pages(author: Client, download: Download) -> None:
    for number in range(31):
        update_download(actor=system(), download=download, tag_line=str(number))
    assert len(lines(author, download)) == 30
    assert "created the download." in lines(author, download, page=2)[-1]


def test_only_the_team_reads_it_and_only_team_managers_read_about_people(download: Download) -> None:
    member, manager = make_user("max"), make_user("mia")
    set_team_member(actor=system(), download=download, user=member, flags={"can_upload"})
    set_team_member(actor=system(), download=download, user=manager, flags={"can_manage_team"})
    issue_access_key(actor=system(), download=download, name="Customer")
    assert not [line for line in lines(signed_in(member), download) if "access key" in line or "team" in line]
    told = signed_in(manager).get(page(download)).content.decode()
    assert "Customer" in told
    assert "max: upload" in told
    assert signed_in(make_user()).get(page(download)).status_code == 404


def test_rows_about_visitors_and_other_downloads_are_left_out(author: Client, download: Download) -> None:
    make_version(make_download(download.owner, title="Other"), "9.9.9")
    for action in (AuditAction.DOWNLOAD_REFUSED, AuditAction.REPORT_CREATE, AuditAction.COMMENT_CREATE):
        audit.record(actor=Actor(user=make_user()), action=action, target=download)
    assert len(lines(author, download)) == 1


def test_a_deleted_account_is_not_named(author: Client, download: Download) -> None:
    member = make_user("zebulon")
    set_team_member(actor=system(), download=download, user=member, flags={"can_edit"})
    update_download(actor=Actor(user=member), download=download, tag_line="New")
    anonymize_user(actor=system(), user=member)
    assert "zebulon" not in author.get(page(download)).content.decode()


def test_pages_of_the_download_link_to_it(author: Client, download: Download) -> None:
    desk = author.get(reverse("pages:desk-download", args=[download.public_id])).content.decode()
    assert page(download) in desk
