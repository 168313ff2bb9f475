"""Versions on the author's desk: new ones, their texts and their states."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download, TeamMember
from releasehub.publishing.lifecycle import move as lifecycle_move
from releasehub.publishing.transitions import Move
from tests.factories import make_category, make_download, make_user, make_version, system
from tests.sessions import signed_in
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
VALUES = {"number": "1.0.0", "channel": "", "title": "", "release_notes": "", "visibility": "listed"}


def page(version: Version, name: str = "desk-version", *args: str) -> str:
    return reverse(f"pages:{name}", args=[version.public_id, *args])


def new_page(download: Download) -> str:
    return reverse("pages:desk-version-new", args=[download.public_id])


def move(client: Client, version: Version, name: str, **options: Any) -> Version:
    client.post(page(version, "desk-version-move", name), options)
    return Version.all_objects.get(pk=version.pk)


def test_new_version_is_a_draft_and_its_number_follows_the_last(author: Client, download: Download) -> None:
    make_version(download, "1.4.2")
    assert author.get(new_page(download)).context["form"].initial["number"] == "1.4.3"
    answer = author.post(new_page(download), VALUES | {"number": "2.0.0-rc.1", "release_notes": "New"})
    version = Version.objects.get(number="2.0.0-rc.1")
    assert answer["Location"] == page(version)
    assert (version.state, version.channel, version.release_notes) == ("draft", "rc", "New")


def test_number_that_is_taken_is_refused_beside_its_field(author: Client, download: Download) -> None:
    make_version(download, "1.0.0")
    answer = author.post(new_page(download), VALUES)
    assert answer.status_code == 400
    assert "number" in answer.context["form"].errors


def test_edit_corrects_the_changelog_of_a_version_without_notes(author: Client, download: Download) -> None:
    version = make_version(download, changelog="Fixed **it**.")
    assert b"<strong>it</strong>" in author.get(page(version, "desk-version")).content
    form = author.get(page(version, "desk-version-edit")).context["form"]
    assert form["release_notes"].value() == "Fixed **it**."
    author.post(page(version, "desk-version-edit"), VALUES | {"release_notes": "Fixed it all."})
    version.refresh_from_db()
    assert (version.release_notes, version.changelog) == ("", "Fixed it all.")


def test_edit_promotes_a_version_to_another_channel(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", channel="beta")
    author.post(page(version, "desk-version-edit"), VALUES | {"channel": "stable"})
    version.refresh_from_db()
    assert version.channel == "stable"


def test_rollout_changes_only_if_the_form_has_a_percentage(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0")
    for text, expected in (("20", 20), ("", 20), ("100", 100)):
        author.post(page(version, "desk-version-edit"), VALUES | {"rollout_percent": text})
        version.refresh_from_db()
        assert version.rollout_percent == expected
    refused = author.post(page(version, "desk-version-edit"), VALUES | {"rollout_percent": "101"})
    assert "rollout_percent" in refused.context["form"].errors


def test_publish_shows_a_download_that_is_still_a_draft() -> None:
    download = make_download(make_user("ann"), state="draft")
    version = make_version(download, "1.0.0", state="draft", files=1)
    assert move(signed_in(download.owner), version, "publish").state == "published"
    assert Client().get(Download.objects.get(pk=download.pk).path).status_code == 200


def test_publish_without_a_file_changes_neither_version_nor_download() -> None:
    download = make_download(make_user("ann"), state="draft")
    version = make_version(download, "1.0.0", state="draft")
    assert move(signed_in(download.owner), version, "publish").state == "draft"
    assert Download.objects.get(pk=download.pk).state == "draft"


def test_version_goes_through_schedule_yank_archive_and_deletion(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", state="draft", files=1)
    assert move(author, version, "schedule", publish_at="2126-01-01T10:00").state == "scheduled"
    assert move(author, version, "publish").state == "published"
    assert move(author, version, "yank", reason="broken").yank_reason == "broken"
    assert not move(author, version, "unyank").is_yanked
    assert move(author, version, "archive").state == "archived"
    assert move(author, version, "unarchive").state == "published"
    assert move(author, version, "unpublish").state == "draft"
    assert move(author, version, "delete").is_deleted
    assert not move(author, version, "restore").is_deleted


def test_schedule_in_the_past_or_with_an_invalid_date_is_refused(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", state="draft", files=1)
    for when in ("2020-01-01T10:00", "tomorrow", ""):
        assert move(author, version, "schedule", publish_at=when).state == "draft"


def test_buttons_are_those_that_the_state_and_the_role_allow(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", files=1)
    names = {action.name for action in author.get(page(version)).context["actions"]}
    assert names == {"archive", "unpublish", "yank", "delete", "mark-security"}
    reader = make_user("max")
    TeamMember.objects.create(download=download, user=reader, can_manage_files=True)
    assert signed_in(reader).get(page(version)).context["actions"] == []


def test_security_release_is_marked_by_a_button_and_by_the_form(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", files=1)
    assert move(author, version, "mark-security").is_security_release
    shown = author.get(page(version)).content.decode()
    assert '<span class="badge good">security release</span>' in shown
    assert '<span class="badge good">security release</span>' in Client().get(download.path).content.decode()
    author.post(page(version, "desk-version-edit"), VALUES | {"title": "Fix"})  # without the checkbox
    version.refresh_from_db()
    assert (version.title, version.is_security_release) == ("Fix", False)
    author.post(new_page(download), VALUES | {"number": "1.0.1", "is_security_release": "on"})
    assert Version.objects.get(number="1.0.1").is_security_release


def test_form_offers_the_mark_to_managers_of_versions_only(download: Download) -> None:
    version, uploader = make_version(download, "1.0.0", files=1), make_user("max")
    TeamMember.objects.create(download=download, user=uploader, can_upload=True)
    client = signed_in(uploader)
    for path in (page(version, "desk-version-edit"), new_page(download)):
        assert "is_security_release" not in client.get(path).context["form"].fields
    client.post(page(version, "desk-version-edit"), VALUES | {"is_security_release": "on"})
    assert not move(client, version, "mark-security").is_security_release


def test_version_that_needs_approval_is_announced_as_waiting() -> None:
    category = make_category("Checked", requires_approval=True)
    download = make_download(make_user("ann"), category=category)
    version = make_version(download, "1.0.0", state="draft", files=1)
    url = page(version, "desk-version-move", "publish")
    text = signed_in(download.owner).post(url, follow=True).content.decode()
    assert "A moderator has to approve the version" in text
    assert 'id="upload"' in text
    lifecycle_move(Move.PUBLISH, actor=system(), version=version)
    text = signed_in(download.owner).get(page(version)).content.decode()
    assert "was approved with the files that it has" in text
    assert 'id="upload"' not in text


def test_selected_versions_move_together_and_refusals_are_named(author: Client, download: Download) -> None:
    ready = make_version(download, "1.0.0", state="draft", files=1)
    empty = make_version(download, "1.1.0", state="draft")
    foreign = make_version(make_download(), "3.0.0", state="draft", files=1)
    url = reverse("pages:desk-versions-move", args=[download.public_id])
    chosen = [ready.public_id, empty.public_id, foreign.public_id]
    text = author.post(url, {"move": "publish", "version": chosen}, follow=True).content.decode()
    states = {row.number: row.state for row in Version.objects.all()}
    assert states == {"1.0.0": "published", "1.1.0": "draft", "3.0.0": "draft"}
    assert "1 version was changed" in text
    assert "1.1.0:" in text


def test_version_of_another_author_is_not_found(author: Client) -> None:
    version = make_version(make_download(), "1.0.0", files=1)
    for url in (page(version), page(version, "desk-version-edit")):
        assert author.get(url).status_code == 404
    assert author.post(page(version, "desk-version-move", "delete")).status_code == 404


def test_preview_renders_markdown_without_scripts(author: Client) -> None:
    answer = author.post("/account/preview/", {"text": "**bold** <script>x</script>"})
    assert "<strong>bold</strong>" in answer.content.decode()
    assert "<script" not in answer.content.decode()
