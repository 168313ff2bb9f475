"""Downloads on the author's desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from downloads.models import Download, TeamMember
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from tests.factories import image_bytes, make_category, make_download, make_user, make_version
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def page(download: Download, name: str = "desk-download", *args: str) -> str:
    return reverse(f"pages:{name}", args=[download.public_id, *args])


def entered(client: Client, download: Download) -> dict[str, Any]:
    """Return the values of the form as the page shows it."""
    form = client.get(page(download, "desk-download-edit")).context["form"]
    values = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    return values | {"category": download.category_id, "tags": ", ".join(download.tags)}


def test_list_shows_own_and_team_downloads_and_no_others(author: Client, download: Download) -> None:
    shared = make_download(title="Shared")
    TeamMember.objects.create(download=shared, user=download.owner, can_upload=True)
    make_download(title="Foreign")
    text = author.get("/account/downloads/").content.decode()
    assert "Tool" in text
    assert "Shared" in text
    assert "Foreign" not in text


def test_new_download_is_a_draft_of_the_author_with_an_audit_row() -> None:
    author, category = make_user("bob"), make_category("Tools")
    values = {"title": "Fresh", "category": category.pk, "tag_line": "New", "visibility": "public"}
    answer = signed_in(author).post("/account/downloads/new/", values)
    made = Download.objects.get(title="Fresh")
    assert answer["Location"] == page(made)
    assert (made.owner, made.state, made.tag_line) == (author, "draft", "New")
    assert AuditEntry.objects.filter(action="download.create", target_id=made.pk).exists()


@pytest.mark.parametrize("is_picture", [True, False])
def test_new_download_takes_an_icon_and_survives_a_refused_one(is_picture: bool) -> None:
    file = SimpleUploadedFile("icon.png", image_bytes() if is_picture else b"text")
    values = {"title": "Fresh", "category": make_category("Tools").pk, "visibility": "public", "file": file}
    answer = signed_in(make_user()).post("/account/downloads/new/", values, follow=True)
    assert ("icon" in Download.objects.get(title="Fresh").pictures) == is_picture
    assert ("created without an icon" in answer.content.decode()) == (not is_picture)


def test_icons_are_refused_before_their_bytes_if_no_category_is_open() -> None:
    file = SimpleUploadedFile("icon.png", image_bytes())
    answer = signed_in(make_user()).post("/account/downloads/new/", {"title": "Fresh", "file": file})
    assert answer.status_code == 403


def test_new_download_in_a_closed_category_is_refused_with_a_message() -> None:
    closed = make_category("Closed", accepts_downloads=False)
    values = {"title": "Fresh", "category": closed.pk, "visibility": "public"}
    answer = signed_in(make_user()).post("/account/downloads/new/", values)
    assert answer.status_code == 400
    assert not Download.objects.filter(title="Fresh").exists()


def test_edit_changes_the_fields_and_keeps_the_others(author: Client, download: Download) -> None:
    values = entered(author, download) | {"title": "Better tool", "tags": "cli, tools , cli"}
    assert author.post(page(download, "desk-download-edit"), values)["Location"] == page(download)
    slug = download.slug
    download.refresh_from_db()
    assert (download.title, download.tags, download.slug) == ("Better tool", ["cli", "tools"], slug)


def test_slug_that_is_taken_is_refused_beside_its_field(author: Client, download: Download) -> None:
    taken = make_download(title="Taken")
    values = entered(author, download) | {"slug": taken.slug}
    answer = author.post(page(download, "desk-download-edit"), values)
    assert answer.status_code == 400
    assert "slug" in answer.context["form"].errors


def test_delete_hides_the_download_and_restore_brings_it_back(author: Client, download: Download) -> None:
    author.post(page(download, "desk-download-act", "delete"), {"reason": "old"})
    download.refresh_from_db()
    assert download.is_deleted
    assert download.delete_reason == "old"
    assert "Restore Tool" in author.get("/account/downloads/").content.decode()
    author.post(page(download, "desk-download-act", "restore"))
    download.refresh_from_db()
    assert not download.is_deleted


def test_hidden_download_can_be_shown_again(author: Client, download: Download) -> None:
    author.post(page(download, "desk-download-act", "hide"))
    assert Client().get(download.path).status_code == 404
    author.post(page(download, "desk-download-act", "show"))
    assert Client().get(download.path).status_code == 200


def test_download_that_needs_approval_waits_when_it_is_shown() -> None:
    category = make_category("Checked", requires_approval=True)
    download = make_download(make_user("eve"), category=category, state="draft")
    signed_in(download.owner).post(page(download, "desk-download-act", "show"))
    download.refresh_from_db()
    assert download.state == "moderated"


@pytest.mark.parametrize("name", ["desk-download", "desk-download-edit", "desk-version-new"])
def test_pages_are_not_found_for_others(download: Download, name: str) -> None:
    assert signed_in(make_user()).get(page(download, name)).status_code == 404
    assert Client().get(page(download, name)).status_code == 302


def test_member_who_may_only_upload_cannot_edit_or_delete(download: Download) -> None:
    member = make_user("max")
    TeamMember.objects.create(download=download, user=member, can_upload=True)
    client = signed_in(member)
    assert client.get(page(download)).status_code == 200
    assert client.get(page(download, "desk-download-edit")).status_code == 403
    client.post(page(download, "desk-download-act", "delete"))
    download.refresh_from_db()
    assert not download.is_deleted


def test_checklist_disappears_after_the_first_release(author: Client, download: Download) -> None:
    assert "Until your first release" in author.get(page(download)).content.decode()
    make_version(download, "1.0.0", files=1)
    assert "Until your first release" not in author.get(page(download)).content.decode()


def test_desk_shows_the_addresses_for_tools_of_git_hosts(author: Client, download: Download) -> None:
    text = author.get(page(download)).content.decode()
    base = f"http://testserver/{download.owner.get_username()}/{download.slug}"
    assert f"{base}</code>" in text
    assert f"{base}/releases/latest/download/FILE_NAME</code>" in text


def test_desk_shows_no_such_addresses_if_the_owner_has_the_name_of_a_page(download: Download) -> None:
    User.objects.filter(pk=download.owner_id).update(username="search")
    text = signed_in(User.objects.get(username="search")).get(page(download)).content.decode()
    assert "FILE_NAME" not in text


def test_desk_takes_the_same_queries_with_one_version_and_with_twenty(author: Client, download: Download) -> None:
    make_version(download, "1.0.0")
    counts = []
    for numbers in ((), range(1, 20)):
        for number in numbers:
            make_version(download, f"1.{number}.0")
        with CaptureQueriesContext(connection) as queries:
            author.get(page(download))
        counts.append(len(queries))
    assert counts[0] == counts[1]
