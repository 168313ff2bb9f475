"""The buttons that watch downloads and categories, and the link in e-mails that stops it."""

from __future__ import annotations

import pytest
from django.test import Client

from downloads.models import Category, Download
from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.models import User
from releasehub.community.models import Watch
from releasehub.community.services.unsubscribing import digest_stop_link, stop_link
from releasehub.community.services.watching import change_frequency, watch
from releasehub.core.actor import Actor
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_user
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.mark.parametrize(("make", "kind"), [(make_download, "downloads"), (make_category, "categories")])
def test_button_watches_and_stops(make: type[Download | Category], kind: str) -> None:
    user, target = make_user(), make(title="Tool")
    client = signed_in(user)
    path = f"/account/watches/{kind}/{target.pk}/"
    assert path in client.get(target.path).content.decode()
    response = client.post(path, {"watch": "1"}, follow=True)
    assert response.redirect_chain == [(target.path, 302)]
    assert "Stop watching" in response.content.decode()
    response = client.post(path, {"watch": "0", "from": "account"}, follow=True)
    assert response.redirect_chain == [("/account/watches/", 302)]
    assert not Watch.objects.exists()


def test_account_page_lists_what_the_user_watches() -> None:
    user, download = make_user(), make_download(title="Tool")
    watch(actor=Actor(user=user), target=download)
    assert "Stop watching Tool" in signed_in(user).get("/account/watches/").content.decode()
    assert "Stop watching Tool" not in signed_in(make_user()).get("/account/watches/").content.decode()


def test_anonymous_visitor_has_no_button_and_hidden_downloads_are_404() -> None:
    download, hidden = make_download(), make_download(visibility="private")
    assert "account/watches" not in Client().get(download.path).content.decode()
    assert Client().post(f"/account/watches/downloads/{download.pk}/", {"watch": "1"}).status_code == 302
    assert signed_in(make_user()).post(f"/account/watches/downloads/{hidden.pk}/", {"watch": "1"}).status_code == 404
    assert not Watch.objects.exists()


@pytest.mark.parametrize("form", [{"watch": "1"}, {"watch": "0"}, {"frequency": "daily"}])
@pytest.mark.parametrize("watched", [True, False])
def test_buttons_do_not_name_a_hidden_download(form: dict[str, str], watched: bool) -> None:
    user, hidden = make_user(), make_download(title="Codename")
    if watched:
        watch(actor=Actor(user=user), target=hidden)
    Download.objects.filter(pk=hidden.pk).update(visibility="private")
    client, prefix = signed_in(user), "/account/watches/downloads"
    responses = [client.post(f"{prefix}/{pk}/", form) for pk in (hidden.pk, hidden.pk + 1)]
    assert [response.status_code for response in responses] == [404, 404]
    assert "Codename" not in client.get("/account/watches/").content.decode()


def test_link_of_an_email_stops_after_confirmation_without_signing_in() -> None:
    row = watch(actor=Actor(user=make_user()), target=make_download(title="Secret tool"))
    path = stop_link(row)
    client = Client()
    page = client.get(path)
    assert "Secret tool" not in page.content.decode()
    assert Watch.objects.exists()
    assert client.post(path).status_code == 302
    assert not Watch.objects.exists()
    assert client.get(path).status_code == 404
    assert client.get(f"/account/watches/stop/{row.pk}:forged/").status_code == 404


def test_mc_dm_shows_whether_the_caller_watches() -> None:
    user, download = make_user(), make_download()
    make_download()
    watch(actor=Actor(user=user), target=download)
    rows = ApiClient(make_key(user)).get("/api/mc-dm-downloads/?with=full").json()["downloads"]
    assert {row["download_id"] for row in rows if row["is_watching"]} == {download.pk}
    for row in Client().get("/api/mc-dm-downloads/?with=full").json()["downloads"]:
        assert row["is_watching"] is False


ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # what mail programs send, as RFC 8058 demands, without any cookie


def test_one_click_of_a_mail_program_stops_a_watch_without_a_redirect() -> None:
    row = watch(actor=Actor(user=make_user()), target=make_download())
    response = Client(enforce_csrf_checks=True).post(stop_link(row), ONE_CLICK)
    assert (response.status_code, response.content) == (200, b"You will no longer get these e-mails.")
    assert not Watch.objects.exists()


def test_one_click_in_a_digest_stops_digests_only() -> None:
    user = make_user(version_mail="daily")
    weekly, at_once = (watch(actor=Actor(user=user), target=make_download()) for _ in range(2))
    change_frequency(actor=Actor(user=user), target=weekly.target, frequency=MailFrequency.WEEKLY)
    change_frequency(actor=Actor(user=user), target=at_once.target, frequency=MailFrequency.AT_ONCE)
    client = Client(enforce_csrf_checks=True)
    assert client.get(digest_stop_link(user)).status_code == 200
    assert User.objects.get(pk=user.pk).version_mail == "daily"
    assert client.post(digest_stop_link(user), ONE_CLICK).status_code == 200
    assert User.objects.get(pk=user.pk).version_mail == "none"
    assert dict(Watch.objects.values_list("pk", "frequency")) == {weekly.pk: "none", at_once.pk: "at_once"}
    forged = digest_stop_link(user).replace(f"/{user.pk}:", f"/{user.pk + 1}:")
    assert client.post(forged, ONE_CLICK).status_code == 404


def test_menu_of_a_watch_chooses_how_often() -> None:
    user, target = make_user(), make_download(title="Tool")
    client, path = signed_in(user), f"/account/watches/downloads/{target.pk}/"
    assert client.post(path, {"frequency": "daily"}).status_code == 404  # not watched yet
    row = watch(actor=Actor(user=user), target=target)
    page = client.post(path, {"frequency": "weekly"}, follow=True).content.decode()
    assert "New versions in Tool are in your weekly digest." in page
    assert '<button name="frequency" value="weekly" aria-current="true">' in page
    assert client.post(path, {"frequency": "hourly"}).status_code == 400
    row.refresh_from_db()
    assert row.frequency == "weekly"
    client.post("/account/watches/", {"version_mail": "daily"})
    page = client.post(path, {"frequency": "", "from": "account"}, follow=True).content.decode()
    assert "Default: Daily digest" in page
    row.refresh_from_db()
    assert (row.frequency, row.mail_frequency) == ("", "daily")
