"""Access keys in the account, and what their holders see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import AccessKey, Download
from downloads.services import set_team_member
from files.models import File
from files.services import update_file
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.distribution.links import file_path, version_path
from tests.factories import make_download, make_file, make_user, make_version, system
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
LIST = "/account/access-keys/"
NEW = "/account/access-keys/new/"


@pytest.fixture
def download() -> Download:
    return make_download(title="Tool", visibility="private")


@pytest.fixture
def owner(download: Download) -> Client:
    return signed_in(download.owner)


def make(download: Download, name: str = "A customer", **options: Any) -> AccessKey:
    return issue_access_key(actor=system(), download=download, name=name, **options)[0]


def holder(download: Download, **options: Any) -> Client:
    """Who followed a share link."""
    client = Client()
    secret = issue_access_key(actor=system(), download=download, name="x", **options)[1]
    assert client.get(f"/share/{secret}").status_code == 302
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def names(answer: Any) -> list[str]:
    return [key.name for key in answer.context["page"]]


@pytest.mark.embedded
def test_account_without_keys_explains_access_keys(owner: Client) -> None:
    assert "give a customer or a tester access to a private download" in text(owner.get(LIST))
    assert "You do not manage any downloads yet" in text(signed_in(make_user()).get(NEW))


def test_pages_need_a_sign_in(download: Download) -> None:
    for path in (LIST, NEW, f"{LIST}{make(download).public_id}/revoke/"):
        assert Client().get(path)["Location"].startswith("/account/sign-in/")


def test_access_key_is_created_on_the_page_and_its_secret_is_shown_once(owner: Client, download: Download) -> None:
    form = {"download": download.pk, "name": "Ann", "expires_at": "2100-02-03", "uses": 7, "highest_number": "1.4"}
    answer = owner.post(NEW, form)
    key = AccessKey.objects.get()
    secret = re.search(r'id="secret">(rhk_\w+)<', text(answer))
    assert secret is not None
    assert answer["Cache-Control"] == "no-store"
    assert (key.download, key.uses_left, key.highest_number) == (download, 7, "1.4")
    assert key.expires_at == datetime(2100, 2, 3, 23, 59, 59, tzinfo=UTC)
    assert secret[1] not in text(owner.get(LIST))


@pytest.mark.parametrize("channel", ["stable", "beta"])
def test_the_commands_shown_with_the_secret_work(owner: Client, download: Download, channel: str) -> None:
    Download.objects.update(default_channel="beta")
    for number in ("1.4.2", "2.0.0"):
        make_file(make_version(download, number, channel=channel), content=number.encode())
    page = text(owner.post(NEW, {"download": download.pk, "name": "Ann", "highest_number": "1"}))
    share, file, updates = re.findall(r"http://testserver(/[^\s<']+)", unescape(page))
    guest = Client()
    fetched = guest.get(file)
    assert fetched.status_code == 302 if settings.STORAGE_KIND == "s3" else fetched.getvalue() == b"1.4.2"
    assert guest.get(updates).json()["version"]["number"] == "1.4.2"
    assert guest.get(share, follow=True).status_code == 200


@pytest.mark.embedded
def test_key_page_without_a_version_explains_the_link(owner: Client, download: Download) -> None:
    assert "There is no published version that this key gives access to yet" in text(
        owner.post(NEW, {"download": download.pk, "name": "Ann"})
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("expires_at", "2001-01-01"), ("expires_at", "x"), ("uses", "0"), ("uses", "9" * 30), ("highest_number", "-"),
     ("name", ""), ("name", "a\0b"), ("download", "9" * 30), ("download", "x"), ("download", "\0")],
)  # fmt: skip
def test_page_errors_are_shown_next_to_the_field(owner: Client, download: Download, field: str, value: str) -> None:
    answer = owner.post(NEW, {"download": download.pk, "name": "Ann", field: value})
    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {field}
    assert not AccessKey.objects.exists()


def test_only_managed_downloads_are_valid_choices(owner: Client) -> None:
    other = make_download(title="Another")
    assert owner.post(NEW, {"download": other.pk, "name": "Ann"}).status_code == 400
    assert "Another" not in text(owner.get(NEW))


@pytest.mark.embedded
def test_new_key_link_preselects_the_download(owner: Client, download: Download) -> None:
    make_download(download.owner)
    assert f'<option value="{download.pk}" selected>' in text(owner.get(f"{NEW}?download={download.pk}"))


def test_a_download_beyond_the_end_of_the_list_can_be_chosen(
    owner: Client, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasehub.pages.access_key_forms.MAX_CHOICES", 1)
    make_download(download.owner, title="A first one")
    assert ">Tool<" not in text(owner.get(NEW))
    assert f'<option value="{download.pk}" selected>Tool' in text(owner.get(f"{NEW}?download={download.pk}"))
    assert owner.post(NEW, {"download": download.pk, "name": "Ann"}).status_code == 200


def test_access_key_list_is_newest_first_and_limited_to_managed_downloads(owner: Client, download: Download) -> None:
    other = make_download()
    set_team_member(actor=system(), download=other, user=download.owner, flags={"can_manage_team"})
    edited = make_download()
    set_team_member(actor=system(), download=edited, user=download.owner, flags={"can_edit"})
    for name, parent in (("mine", download), ("team", other), ("edited", edited), ("foreign", make_download())):
        make(parent, name)
    assert names(owner.get(LIST)) == ["team", "mine"]


def test_states_are_shown_and_filtered(owner: Client, download: Download) -> None:
    past = timezone.now() - timedelta(days=1)
    made = {state: make(download, state) for state in AccessKey.State.values}
    revoke_access_key(actor=system(), key=made["revoked"])
    AccessKey.objects.filter(pk__in=[made["expired"].pk, made["revoked"].pk]).update(expires_at=past, uses_left=0)
    AccessKey.objects.filter(pk=made["used_up"].pk).update(uses_left=0)
    AccessKey.objects.filter(pk=made["void"].pk).update(created_by=make_user())
    for state in AccessKey.State.values:
        answer = owner.get(LIST, {"state": state})
        assert names(answer) == [state]
        assert answer.context["page"][0].state == state


@pytest.mark.embedded
def test_pager_keeps_the_download_filter(owner: Client, download: Download) -> None:
    other = make_download(download.owner)
    for number in range(21):
        make(download, f"key {number}")
    make(other, "other")
    answer = owner.get(LIST, {"download": download.pk})
    assert f'rel="next" href="?download={download.pk}&amp;page=2"' in text(answer)
    assert names(owner.get(LIST, {"download": download.pk, "page": 2})) == ["key 0"]
    assert names(owner.get(LIST, {"download": other.pk})) == ["other"]
    for value in ("x", "9" * 30, str(make_download().pk)):
        assert len(names(owner.get(LIST, {"download": value, "state": value}))) == 20


def test_revoking_asks_for_confirmation(owner: Client, download: Download) -> None:
    key = make(download)
    path = f"{LIST}{key.public_id}/revoke/"
    assert "cannot be undone" in text(owner.get(path))
    key.refresh_from_db()
    assert key.is_usable
    assert "was revoked" in text(owner.post(path, follow=True))
    key.refresh_from_db()
    assert not key.is_usable


def test_outsiders_find_no_access_keys(download: Download) -> None:
    key, stranger = make(download), signed_in(make_user())
    path = f"{LIST}{key.public_id}/revoke/"
    assert (stranger.get(path).status_code, stranger.post(path).status_code) == (404, 404)
    assert names(stranger.get(LIST)) == []
    key.refresh_from_db()
    assert key.is_usable


@pytest.mark.embedded
def test_changes_require_a_csrf_token(download: Download) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(download.owner)
    assert client.post(NEW, {"download": download.pk, "name": "x"}).status_code == 403
    assert client.post(f"{LIST}{make(download).public_id}/revoke/").status_code == 403


@pytest.mark.embedded
def test_download_page_links_to_access_keys_for_managers(owner: Client, download: Download) -> None:
    editor = make_user()
    set_team_member(actor=system(), download=download, user=editor, flags={"can_edit"})
    link = f"{LIST}?download={download.pk}"
    assert link in text(owner.get(download.path))
    assert link not in text(signed_in(editor).get(download.path))
    assert LIST in text(owner.get("/account/"))


@pytest.mark.embedded
def test_query_count_of_pages_is_constant(owner: Client, download: Download) -> None:
    counts = set()
    for more in (1, 19):
        for _ in range(more):
            make(make_download(download.owner))
        for path in (LIST, NEW):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(path).status_code == 200
            counts.add((path, len(queries)))
    assert len(counts) == 2, counts


@pytest.mark.embedded
def test_invalid_share_link_explains_the_next_step(download: Download) -> None:
    key, secret = issue_access_key(actor=system(), download=download, name="x")
    revoke_access_key(actor=system(), key=key)
    answer = Client().get(f"/share/{secret}")
    assert answer.status_code == 403
    assert "ask the person who sent it to you for a new one" in text(answer)


def test_download_page_shows_the_limits_of_the_access_key(download: Download) -> None:
    make_file(make_version(download, "1.0.0"))
    guest = holder(download, expires_at=datetime(2100, 1, 2, tzinfo=UTC), uses=3, highest_number="1")
    page = text(guest.get(download.path))
    assert "2 Jan 2100 00:00 UTC</time> · versions up to 1 · 3 downloads left" in page
    AccessKey.objects.update(uses_left=0)
    assert "no downloads left" in text(guest.get(download.path))
    assert "Shared with you" not in text(signed_in(download.owner).get(download.path))


@pytest.mark.embedded
def test_unneeded_access_key_is_not_mentioned() -> None:
    download = make_download()
    make_file(make_version(download, "2.0.0"))
    secret = issue_access_key(actor=system(), download=download, name="x", highest_number="1")[1]
    client = signed_in(make_user())
    page = text(client.get(f"/share/{secret}", follow=True))
    assert "Shared with you" not in page
    assert "not included" not in page


def test_holder_of_a_key_sees_the_downloadable_files(download: Download) -> None:
    low, high = (make_file(make_version(download, number), name=f"{number}.zip") for number in ("1.4.0", "2.0.0"))
    guest = holder(download, highest_number="1")
    page = text(guest.get(download.path))
    assert "Newest version: 1.4.0" in page
    assert f'href="{file_path(low)}"' in page
    assert page.count("not included") == 1
    above = text(guest.get(version_path(high.version)))
    assert "This version is not included." in above
    assert high.filename in above
    assert file_path(high) not in above


@pytest.mark.embedded
@pytest.mark.parametrize("may", ["nobody", "holder", "user"])
def test_secured_files_say_that_a_key_is_needed(may: str) -> None:
    file: File = make_file()
    update_file(actor=system(), file=file, is_secured=True)
    download = file.version.download
    client = {"nobody": Client, "holder": lambda: holder(download), "user": lambda: signed_in(make_user())}[may]()
    page = text(client.get(download.path))
    assert ("requires key or account" in page) is (may == "nobody")
    assert (f'href="{file_path(file)}"' in page) is (may != "nobody")


@pytest.mark.embedded
def test_every_offered_link_responds(download: Download) -> None:
    """And every file without one is refused."""
    for number in ("1.0.0", "1.4.0", "2.0.0"):
        version = make_version(download, number)
        for is_secured in (False, True):
            update_file(actor=system(), file=make_file(version), is_secured=is_secured)
    guest = holder(download, highest_number="1")
    for file in File.objects.select_related("version__download", "blob"):
        is_offered = file_path(file) in text(guest.get(version_path(file.version)))
        answer = guest.get(file_path(file))
        answer.getvalue()
        assert is_offered is (answer.status_code in {200, 302}), file.version.number
