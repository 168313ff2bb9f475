"""Authenticator apps, recovery codes and the confirmation before changes."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from releasehub.accounts.models import User
from releasehub.accounts.services.disabling import remove_second_factors
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from tests.factories import make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FORM = {"username": "ann", "password": "secret-pass-1"}


def code_of(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def sign_in(**extra: Any) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/account/sign-in/", FORM, **extra)


@pytest.fixture
def secret(django_capture_on_commit_callbacks: Any) -> str:
    """Let Ann set up an authenticator app, and return its secret."""
    make_user("ann")
    client, _ = sign_in()
    assert client.get("/account/security/app/")["Location"].startswith("/account/confirm/?next=")
    client.post("/account/confirm/?next=/account/security/app/", {"password": FORM["password"]})
    found = re.search(r'id="secret">([A-Z2-7]+)<', client.get("/account/security/app/").content.decode())
    assert found
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/account/security/app/", {"code": code_of(found[1])})
    assert answer["Location"] == "/account/security/recovery-codes/"
    cache.clear()  # the code above counts as used
    return found[1]


def test_code_is_asked_after_the_password_and_works_once(secret: str) -> None:
    client, answer = sign_in()
    assert answer["Location"] == "/account/sign-in/code/"
    assert client.get("/account/").status_code == 302
    assert client.post("/account/sign-in/code/", {"code": "000000"}).status_code == 200
    code = code_of(secret)
    assert client.post("/account/sign-in/code/", {"code": code})["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    again, _ = sign_in()
    assert again.post("/account/sign-in/code/", {"code": code}).status_code == 200
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions.count(AuditAction.SECOND_FACTOR_ADD) == 2  # the app, and its recovery codes
    assert actions.count(AuditAction.SIGN_IN_FAILED) == 2
    assert actions.count(AuditAction.SIGN_IN) == 2  # before the app was set up, and with its code


def test_wrong_codes_are_limited_in_the_database(secret: str) -> None:
    client, _ = sign_in()
    for _ in range(10):
        client.post("/account/sign-in/code/", {"code": "000000"})
        cache.clear()
    page = client.post("/account/sign-in/code/", {"code": code_of(secret)})
    assert b"Too many failed attempts" in page.content


def test_recovery_code_signs_in_once(secret: str) -> None:
    row = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    code = row.wrap().get_unused_codes()[0]
    answers = [sign_in()[0].post("/account/sign-in/code/", {"code": code}).status_code for _ in range(2)]
    assert answers == [302, 200]


def test_secrets_are_encrypted(secret: str) -> None:
    rows = Authenticator.objects.all()
    assert all(secret not in str(row.data) for row in rows)
    assert all(row.data.get("secret", row.data.get("seed")).startswith("v1.") for row in rows)


def test_api_refuses_the_password_of_an_account_with_a_second_factor(secret: str) -> None:
    User.objects.update(email="ann@example.org")
    form = {"email": "ann@example.org", "password": FORM["password"]}
    answer = Client().post("/v3/accounts/login", form, content_type="application/json")
    assert answer.status_code == 401
    assert "API key" in answer.json()["message"]


def test_admin_is_reached_with_the_code_only(secret: str) -> None:
    User.objects.update(is_staff=True)
    client, _ = sign_in()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/account/sign-in/")


def test_staff_remove_lost_factors(secret: str) -> None:
    assert remove_second_factors(actor=system(), user=User.objects.get()) == 2
    assert sign_in()[1]["Location"] == "/account/"


def test_passkey_needs_a_confirmation_and_a_genuine_credential(secret: str) -> None:
    client, _ = sign_in()
    client.post("/account/sign-in/code/", {"code": code_of(secret)})
    url = "/account/security/passkeys/new/"
    assert client.post(url, {"name": "Phone", "credential": "{}"})["Location"].startswith("/account/confirm/")
    client.post(f"/account/confirm/?next={url}", {"password": FORM["password"]})
    assert b"creation_options" in client.get(url).content
    assert client.post(url, {"name": "Phone", "credential": "{}"}).status_code == 200
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()
    assert Client().post("/account/sign-in/passkey/", {"credential": "{}"})["Location"] == "/account/sign-in/"


@pytest.mark.parametrize(
    "answer", ["[" * 3000, "9" * 5000, "[]", '{"id": 1}', '{"id": "a", "rawId": 7, "response": []}']
)
def test_malformed_answer_of_a_passkey_is_a_wrong_one(secret: str, answer: str) -> None:
    visitor, (halfway, _) = Client(), sign_in()
    visitor.get("/account/sign-in/passkey/")
    assert visitor.post("/account/sign-in/passkey/", {"credential": answer})["Location"] == "/account/sign-in/"
    assert halfway.post("/account/sign-in/code/", {"credential": answer}).status_code == 200
    member = Client()
    member.force_login(User.objects.get())
    assert member.post("/account/confirm/passkey/", {"credential": answer}).status_code == 302
    member.post("/account/confirm/", {"password": FORM["password"]})
    assert member.post("/account/security/passkeys/new/", {"name": "Key", "credential": answer}).status_code == 200
