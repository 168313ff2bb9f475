"""Creating an account: closed, by invitation, and open, with and without a mail server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from releasehub.accounts.limits import MAILS_PER_ADDRESS, SIGN_UPS_PER_NETWORK
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import Invitation, Membership, OutgoingMail, User
from releasehub.accounts.services import hand_out_link, invite
from releasehub.accounts.services.one_time_links import create_sign_up_link
from tests.conftest import ApiClient
from tests.factories import make_organization, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FORM = {"username": "ann", "password1": "a-long-pass-1"}
URL = "/account/sign-up/"


def test_closed_hub_admits_only_people_whom_staff_invite() -> None:
    client = Client()
    assert client.post(URL, FORM).status_code == 403
    token = create_sign_up_link(actor=system())
    assert client.get(f"/account/sign-up/by-link/{token}/", follow=True).status_code == 200
    assert User.objects.count() == 0
    assert client.post(URL, FORM)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert Client().get(f"/account/sign-up/by-link/{token}/").status_code == 404


@pytest.mark.parametrize(("mode", "joins"), [("closed", False), ("invitation", True), ("open", True)])
def test_invitation_of_an_organization_admits_if_the_operator_allows_it(settings: Any, mode: str, joins: bool) -> None:
    settings.SIGN_UP = mode
    organization = make_organization()
    Membership.objects.create(organization=organization, user=(owner := make_user()), role="owner")
    kind = Invitation.Kind.ORGANIZATION
    invitation = invite(actor=system(), kind=kind, target=organization, invited="ann@example.org", rights=["member"])
    client = Client()
    client.force_login(owner)
    page = client.post(f"/account/invitations/{invitation.public_id}/link/").content.decode()
    path = re.search(r"(/account/invitations/by-link/[^/]+/)", page)
    assert path
    visitor = Client()
    assert visitor.get(path[1])["Location"].startswith("/account/sign-in/")
    visitor.post(URL, FORM)
    assert Membership.objects.filter(user__username="ann", organization=organization).exists() == joins
    assert User.objects.filter(username="ann").exists() == joins


def test_a_new_link_replaces_the_one_before(settings: Any) -> None:
    settings.SIGN_UP = "invitation"
    kind = Invitation.Kind.ORGANIZATION
    invitation = invite(actor=system(), kind=kind, target=make_organization(), invited="ann", rights=["member"])
    first, second = (hand_out_link(actor=system(), invitation=invitation) for _ in range(2))
    assert Client().get(f"/account/invitations/by-link/{first}/").status_code == 404
    assert Client().get(f"/account/invitations/by-link/{second}/").status_code == 302


@pytest.mark.parametrize("name", ["admin", "Root", "anonymized-7", "ann@example.org", "a/b", "x" * 41, ".hidden"])
def test_reserved_and_misleading_names_are_refused(settings: Any, name: str) -> None:
    settings.SIGN_UP = "open"
    assert Client().post(URL, FORM | {"username": name}).status_code == 400
    assert not User.objects.exists()


def test_rule_for_names_is_shown_in_the_language_of_the_visitor(settings: Any) -> None:
    settings.SIGN_UP = "open"
    page = Client().post(URL, FORM | {"username": "-ann"}, headers={"Accept-Language": "de"}).content.decode()
    assert page.count("1 bis 40 Buchstaben") == 2  # below the field, and as its error


def test_name_that_differs_in_case_only_is_taken(settings: Any) -> None:
    settings.SIGN_UP = "open"
    make_user("Ann")
    assert Client().post(URL, FORM).status_code == 400


def test_accounts_per_network_are_limited(settings: Any) -> None:
    settings.SIGN_UP = "open"
    for number in range(SIGN_UPS_PER_NETWORK):
        assert Client().post(URL, FORM | {"username": f"u{number}"}).status_code == 302
    assert Client().post(URL, FORM).status_code == 429
    assert Client().post(URL, FORM, REMOTE_ADDR="192.0.2.1").status_code == 302


@pytest.fixture
def mail_server(settings: Any) -> None:
    settings.SIGN_UP, settings.EMAIL_HOST = "open", "mail.example.org"
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.ACCOUNT_EMAIL_NOTIFICATIONS = "mandatory", True


@pytest.mark.usefixtures("mail_server")
def test_address_is_confirmed_before_it_counts() -> None:
    client, form = Client(), FORM | {"email": "Ann@example.org"}
    assert client.post(URL, form)["Location"] == "/account/email/sent/"
    sign_in = {"username": "ann", "password": "a-long-pass-1"}
    assert client.post("/account/sign-in/", sign_in)["Location"] == "/account/email/sent/"
    assert User.objects.get().email == ""
    send_queued_mail()
    path = re.search(r"http://localhost:8000(/account/email/confirm/\S+)", str(mail.outbox[0].body))
    assert path
    assert client.get(path[1]).status_code == 200
    assert User.objects.get().email == ""  # mail scanners open links
    client.post(path[1])
    assert User.objects.get().email == "ann@example.org"
    assert client.post("/account/sign-in/", sign_in)["Location"] == "/account/"


@pytest.mark.usefixtures("mail_server")
def test_germans_are_addressed_formally() -> None:
    client = Client(headers={"accept-language": "de"})
    assert "Benutzername" in client.get(URL).content.decode()
    client.post(URL, FORM | {"email": "ann@example.org"})
    send_queued_mail()
    path = re.search(r"http://localhost:8000(/account/email/confirm/\S+)", str(mail.outbox[0].body))
    assert path
    answer = client.post(path[1], follow=True)
    *_, message = answer.context["messages"]
    assert str(message) == "Die Adresse ann@example.org ist bestätigt."


@pytest.mark.usefixtures("mail_server")
def test_unconfirmed_address_gets_no_token_and_few_mails() -> None:
    Client().post(URL, FORM | {"email": "ann@example.org"})
    credentials = {"email": "ann", "password": FORM["password1"]}
    answer = ApiClient().send("post", "/v3/accounts/login", credentials)
    assert (answer.status_code, "Confirm your e-mail address" in answer.json()["message"]) == (401, True)
    for _ in range(MAILS_PER_ADDRESS + 1):
        Client().post("/account/sign-in/", {"username": "ann", "password": FORM["password1"]})
    assert OutgoingMail.objects.count() == MAILS_PER_ADDRESS


@pytest.mark.usefixtures("mail_server")
def test_mistyped_address_of_an_account_without_one_locks_nobody_out() -> None:
    make_user("ann")
    client, form = Client(), {"username": "ann", "password": "secret-pass-1"}
    client.post("/account/sign-in/", form)
    client.get("/account/profile/email/")
    client.post("/account/confirm/?next=/account/profile/email/", {"password": form["password"]})
    client.post("/account/profile/email/", {"email": "typo@example.org"})
    assert OutgoingMail.objects.count() == 1
    assert Client().post("/account/sign-in/", form)["Location"] == "/account/"


@pytest.mark.usefixtures("mail_server")
def test_answer_is_the_same_for_an_address_with_an_account() -> None:
    make_user("ben", email="Ben@example.org")
    answers = [Client().post(URL, FORM | {"email": email}) for email in ("ben@example.org", "new@example.org")]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    send_queued_mail()
    assert [message.to for message in mail.outbox] == [["ben@example.org"], ["new@example.org"]]
    assert User.objects.count() == 2


@pytest.mark.usefixtures("mail_server")
def test_domains_are_limited_but_not_for_invited_people(settings: Any) -> None:
    settings.SIGN_UP_DOMAINS = ("example.org",)
    form = FORM | {"email": "ann@example.com"}
    assert Client().post(URL, form).status_code == 400
    client = Client()
    client.get(f"/account/sign-up/by-link/{create_sign_up_link(actor=system())}/")
    assert client.post(URL, form).status_code == 302
