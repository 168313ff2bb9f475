"""Changing and resetting a password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from releasehub.accounts.limits import MAILS_PER_ADDRESS
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import OutgoingMail
from releasehub.accounts.services.one_time_links import create_password_link
from releasehub.core.encryption import decrypt
from tests.factories import make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OLD, NEW = "secret-pass-1", "another-pass-2"


def sign_in(password: str = OLD, **extra: Any) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/account/sign-in/", {"username": "ann", "password": password}, **extra)


@pytest.fixture
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST, settings.ACCOUNT_EMAIL_NOTIFICATIONS = "mail.example.org", True


def test_change_signs_out_the_other_browsers_and_ends_links_of_staff() -> None:
    token = create_password_link(actor=system(), user=make_user("ann"))
    (here, _), (other, _) = sign_in(), sign_in()
    form = {"oldpassword": OLD, "password1": NEW}
    assert here.post("/account/password/", form | {"oldpassword": "wrong"}).status_code == 200
    assert here.post("/account/password/", form)["Location"] == "/account/security/"
    assert here.get("/account/browsers/").content.decode().count("this browser") == 1
    assert other.get("/account/").status_code == 302
    assert Client().get(f"/account/password/by-link/{token}/").status_code == 404
    assert sign_in(NEW)[1].status_code == 302


def test_wrong_current_passwords_are_limited_like_sign_ins() -> None:
    client = Client()
    client.force_login(make_user("ann"))
    form = {"oldpassword": "wrong", "password1": NEW}
    pages = [client.post("/account/password/", form).content.decode() for _ in range(11)]
    assert "Too many failed attempts" not in pages[8]
    assert "Too many failed attempts" in pages[10]


@pytest.mark.usefixtures("mail_server")
def test_reset_by_mail_is_the_same_for_unknown_addresses_and_ignores_the_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    make_user("ann", email="Ann@example.org")
    emails = ("ann@example.org", "absent@example.org")
    answers = [Client().post("/account/password/reset/", {"email": email}, headers={"host": "evil.example"})
               for email in emails]  # fmt: skip
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/account/password/reset/sent/")}
    assert "password/reset/" not in str(list(OutgoingMail.objects.values()))
    send_queued_mail()
    assert [message.to for message in mail.outbox] == [["Ann@example.org"], ["absent@example.org"]]
    path = re.search(r"http://localhost:8000(/account/password/reset/\S+)", str(mail.outbox[0].body))
    assert path
    client = Client()
    form = client.get(path[1], follow=True).request["PATH_INFO"]
    assert client.post(form, {"password1": "short"}).status_code == 200
    assert client.post(form, {"password1": NEW}).status_code == 302
    assert sign_in(NEW)[1].status_code == 302
    assert b"no longer valid" in Client().get(path[1], follow=True).content


@pytest.mark.usefixtures("mail_server")
def test_reset_goes_to_the_stored_address_however_it_was_entered() -> None:
    """PostgreSQL takes the dotless i for an i, but another person may own that domain."""
    make_user("ann", email="Ann@mail.example")
    for entered in ("ANN@mail.example", "ann@ma\u0131l.example"):
        Client().post("/account/password/reset/", {"email": entered})
    links = [row for row in OutgoingMail.objects.all() if "/account/password/reset/" in decrypt(row.encrypted_text)]
    assert {row.recipient for row in links} == {"Ann@mail.example"}


@pytest.mark.usefixtures("mail_server")
def test_mails_to_one_address_are_limited() -> None:
    answers = [
        Client().post("/account/password/reset/", {"email": "ann@example.org"}, REMOTE_ADDR=f"192.0.2.{number}")
        for number in range(MAILS_PER_ADDRESS + 1)
    ]
    assert [answer.status_code for answer in answers] == [302] * MAILS_PER_ADDRESS + [429]
    assert OutgoingMail.objects.count() == MAILS_PER_ADDRESS


def test_without_a_mail_server_the_page_says_who_helps_and_a_link_of_staff_works() -> None:
    ann = make_user("ann")
    assert b"Ask its operator" in Client().get("/account/password/reset/").content
    path = f"/account/password/by-link/{create_password_link(actor=system(), user=ann)}/"
    client = Client(enforce_csrf_checks=True)
    page = client.get(path)
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("private, no-store", "same-origin")
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.content.decode())
    assert token
    assert client.post(path, {"password": NEW}).status_code == 403
    form = {"csrfmiddlewaretoken": token[1], "password": "short"}
    assert client.post(path, form).status_code == 400
    assert client.post(path, form | {"password": NEW}).status_code == 302
    assert client.get(path).status_code == 404
    assert sign_in(NEW)[1].status_code == 302


@pytest.mark.usefixtures("mail_server")
def test_sign_in_with_a_new_browser_is_mailed_once() -> None:
    ann = make_user("ann", email="ann@example.org")
    sign_in()
    sign_in()
    assert OutgoingMail.objects.count() == 0
    for _ in range(2):
        sign_in(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    send_queued_mail()
    (message,) = mail.outbox
    assert (message.to, "Firefox, Linux" in str(message.body)) == ([ann.email], True)
