"""Preview links: what they show, to whom, and when that ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from downloads.exposure import is_exposed
from downloads.models import AccessKey, Download, TeamMember
from downloads.services import set_team_member
from files.models import DownloadGrant, File
from files.pictures.paths import path_in_text
from files.services import update_file
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.distribution.access_keys import revoke_access_key
from releasehub.distribution.links import file_path, version_path
from releasehub.distribution.presented_keys import open_with_secret
from releasehub.distribution.preview_links import DEFAULT_DAYS, MAX_DAYS, issue_preview_link
from releasehub.publishing.deletion import delete_download
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_picture, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db
REFUSED = "This preview link is unknown, revoked or expired"


@pytest.fixture
def download() -> Download:
    return make_download(make_user("ann"), title="Tool", state="draft", visibility="private")


@pytest.fixture
def draft(download: Download) -> Version:
    version = make_version(download, "2.0.0", state="draft", release_notes="Brand **new**")
    make_file(version, name="tool.zip", content=b"bytes")
    return version


def issue(version: Version, **options: Any) -> tuple[AccessKey, str]:
    return issue_preview_link(actor=system(), version=version, name="Testers", **options)


def see(secret: str, filename: str = "", client: Client | None = None) -> Any:
    """Return the response. A streamed body is read, so that no file stays open."""
    answer: Any = (client or Client()).get(f"/preview/{secret}/{filename}")
    answer.body = answer.getvalue()
    return answer


def is_refused(answer: Any) -> bool:
    return answer.status_code == 403 and REFUSED in answer.content.decode()


def test_link_shows_notes_and_files_of_a_draft_to_people_without_account(draft: Version) -> None:
    _, secret = issue(draft)
    page = see(secret)
    assert page.status_code == 200
    assert "Brand <strong>new</strong>" in page.content.decode()
    assert f"/preview/{secret}/tool.zip" in page.content.decode()
    answer = see(secret, "tool.zip")
    assert answer.status_code == 302 or answer.body == b"bytes"


@pytest.mark.parametrize("filename", ["", "tool.zip", "missing.zip"])
def test_pages_are_private_and_not_indexed(draft: Version, filename: str) -> None:
    answer = see(issue(draft)[1], filename)
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("private, no-store", "noindex")
    assert answer["Referrer-Policy"] == "same-origin"


def test_pictures_in_the_notes_are_shown_to_testers(draft: Version, download: Download) -> None:
    picture = make_picture(download, "inline")
    Version.objects.update(release_notes=f"![A window]({path_in_text(picture)})")
    secret = issue(draft)[1]
    shown = re.search(r'<img src="([^"]+)"', see(secret).content.decode())
    assert shown is not None
    assert Client().get(shown[1])["Content-Type"] == "image/webp"
    assert Client().get(path_in_text(picture)).status_code == 404
    other = make_picture(make_download(visibility="private"), "inline")
    assert Client().get(path_in_text(other).replace("/pictures", f"/preview/{secret}/pictures")).status_code == 404


def test_link_opens_nothing_but_the_preview(draft: Version, download: Download) -> None:
    secret = issue(draft)[1]
    Download.objects.update(state="visible")
    file = File.objects.get()
    guest = Client()
    guest.get(f"/preview/{secret}/")
    for path in (download.path, version_path(draft), file_path(file), f"{file_path(file)}?key={secret}"):
        assert guest.get(path).status_code in {403, 404}
    assert guest.get(f"/share/{secret}").status_code == 403
    with pytest.raises(Denied):
        open_with_secret(Actor(), secret)
    download.refresh_from_db()
    assert not is_exposed(download)


def test_another_version_stays_hidden(draft: Version, download: Download) -> None:
    make_file(make_version(download, "3.0.0", state="draft"), name="other.zip")
    assert see(issue(draft)[1], "other.zip").status_code == 404


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_files_that_did_not_pass_are_withheld(draft: Version, status: str) -> None:
    File.objects.update(validation_status=status)
    secret = issue(draft)[1]
    assert "tool.zip" not in see(secret).content.decode()
    assert see(secret, "tool.zip").status_code == 404


@pytest.mark.embedded
@pytest.mark.parametrize("end", ["revoke", "expire", "delete version", "delete download", "moderate", "lose right"])
def test_link_ends(draft: Version, download: Download, end: str) -> None:
    member = make_user("bob")
    set_team_member(actor=system(), download=download, user=member, flags={"can_manage_team"})
    key, secret = issue_preview_link(actor=Actor(user=member), version=draft, name="Testers")
    assert see(secret).status_code == 200
    if end == "revoke":
        revoke_access_key(actor=system(), key=key)
    elif end == "expire":
        AccessKey.objects.update(expires_at=timezone.now())
    elif end == "delete version":
        move(Move.DELETE, actor=system(), version=draft)
    elif end == "delete download":
        delete_download(actor=system(), download=download)
    elif end == "moderate":
        Download.objects.update(state=Download.State.MODERATED)
    else:
        TeamMember.objects.all().delete()
    assert is_refused(see(secret))
    assert is_refused(see(secret, "tool.zip"))


@pytest.mark.parametrize("secret", ["rhk_x", "x" * 40, "rhk_" + "0" * 42])
def test_unknown_links_are_refused(secret: str) -> None:
    assert is_refused(see(secret))


def test_link_of_a_published_version_leads_to_its_page(draft: Version) -> None:
    secret = issue(draft)[1]
    move(Move.PUBLISH, actor=system(), version=draft)
    assert see(secret)["Location"] == version_path(draft)
    assert see(secret, "tool.zip")["Location"] == file_path(File.objects.get())


def test_link_does_not_show_what_becomes_a_draft_again(draft: Version) -> None:
    _, secret = issue(draft)
    move(Move.PUBLISH, actor=system(), version=draft)
    move(Move.UNPUBLISH, actor=system(), version=draft)
    assert is_refused(see(secret))
    assert is_refused(see(secret, "tool.zip"))
    draft.refresh_from_db()
    _, later = issue(draft)
    assert see(later).status_code == 200


def test_number_of_downloads_is_limited_for_testers_only(draft: Version, download: Download) -> None:
    make_file(draft, name="second.zip")
    secret = issue(draft, uses=1)[1]
    team = Client()
    team.force_login(download.owner)
    assert see(secret, "second.zip", team).status_code in {200, 302}
    assert see(secret, "tool.zip").status_code in {200, 302}
    assert see(secret, "second.zip").status_code == 403
    assert AuditEntry.objects.filter(action="download.refused").count() == 1


def test_downloads_of_testers_are_not_counted(draft: Version) -> None:
    see(issue(draft)[1], "tool.zip")
    assert not DownloadGrant.objects.exists()


def test_a_secured_file_needs_no_account(draft: Version) -> None:
    update_file(actor=system(), file=File.objects.get(), is_secured=True)
    assert see(issue(draft)[1], "tool.zip").status_code in {200, 302}


def test_link_is_stored_as_a_digest_and_audited(draft: Version, download: Download) -> None:
    key, secret = issue(draft)
    assert secret not in str([AccessKey.objects.values(), AuditEntry.objects.values()])
    revoke_access_key(actor=system(), key=key)
    issued, revoked = AuditEntry.objects.filter(action__startswith="access_key.").order_by("id")
    assert (issued.download_id, issued.changes["version"]) == (download.pk, draft.pk)
    assert (revoked.action, revoked.download_id) == ("access_key.revoke", download.pk)


def test_every_link_expires(draft: Version) -> None:
    expiry = issue(draft)[0].expires_at
    assert expiry is not None
    assert timedelta(days=DEFAULT_DAYS - 1) < expiry - timezone.now() <= timedelta(days=DEFAULT_DAYS)
    for days in (-1, MAX_DAYS + 1):
        with pytest.raises(Invalid):
            issue(draft, expires_at=timezone.now() + timedelta(days=days))


def test_only_versions_before_their_publication_have_links(download: Download) -> None:
    with pytest.raises(Conflict):
        issue(make_version(download, "1.0.0", files=1))


@pytest.mark.parametrize("flags", [{"can_upload"}, {"can_manage_versions"}, {"can_edit", "can_manage_files"}])
def test_only_people_who_manage_the_team_create_links(draft: Version, download: Download, flags: set[str]) -> None:
    member = make_user("bob")
    set_team_member(actor=system(), download=download, user=member, flags=flags)
    with pytest.raises(Denied):
        issue_preview_link(actor=Actor(user=member), version=draft, name="Testers")
