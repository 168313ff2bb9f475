"""The pages about the person: profile, e-mail address, notifications, export and closing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import Membership, User
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from tests.confirming import confirm_password
from tests.factories import make_comment, make_download, make_key, make_organization, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def client_of(user: User) -> Client:
    """Return a client whose user has just confirmed the password."""
    client = Client()
    client.force_login(user)
    return confirm_password(client, user)


def test_name_and_notices_are_changed_and_recorded() -> None:
    ann = make_user("ann")
    client = client_of(ann)
    client.post("/account/profile/", {"first_name": "Ann", "last_name": "Lee", "is_superuser": "on"})
    client.post("/account/watches/", {"version_mail": "daily"})
    ann.refresh_from_db()
    assert (ann.get_full_name(), ann.is_superuser) == ("Ann Lee", False)
    assert (ann.wants_sign_in_mail, ann.version_mail) == (False, "daily")
    assert AuditEntry.objects.filter(action=AuditAction.USER_UPDATE).count() == 2


def test_new_address_counts_after_its_confirmation(settings: Any) -> None:
    settings.EMAIL_HOST, settings.ACCOUNT_EMAIL_NOTIFICATIONS = "mail.example.org", True
    ann = make_user("ann", email="old@example.org")
    client = client_of(ann)
    assert client.post("/account/profile/email/", {"email": "New@example.org"}).status_code == 302
    ann.refresh_from_db()
    assert ann.email == "old@example.org"
    send_queued_mail()
    path = re.search(r"http://localhost:8000(/account/email/confirm/\S+)", str(mail.outbox[0].body))
    assert path
    client.post(path[1])
    ann.refresh_from_db()
    assert ann.email == "new@example.org"


def test_address_is_not_changed_without_confirming_the_password(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    client = Client()
    client.force_login(make_user("ann"))
    assert client.post("/account/profile/email/", {"email": "e@example.org"})["Location"].startswith(
        "/account/confirm/"
    )


def test_export_has_everything_of_the_user_and_no_secret() -> None:
    ann = make_user("ann", first_name="Ann", language="de")
    secret = make_key(ann)
    make_comment(make_download(ann, title="Packsmith"), ann)
    answer = client_of(ann).post("/account/data/export/")
    data, text = answer.json(), answer.content.decode()
    assert set(data) == {"account", "api_keys", "audit_log", "community", "downloads", "imports", "picture"}
    assert data["downloads"]["owned"][0]["title"] == "Packsmith"
    assert data["account"]["language"] == "de"
    assert len(data["community"]["comments"]) == 1
    assert secret not in text
    assert "password" not in data["account"]
    assert answer["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(action=AuditAction.PERSONAL_DATA_EXPORT).count() == 1


def test_data_is_exported_after_the_password_was_entered() -> None:
    client = Client()
    client.force_login(make_user("ann"))
    asked = client.post("/account/data/export/")["Location"]
    assert asked.startswith("/account/confirm/")
    assert not AuditEntry.objects.filter(action=AuditAction.PERSONAL_DATA_EXPORT).exists()
    answer = client.post(asked, {"password": "secret-pass-1"})
    assert answer["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    assert answer.json()["account"]["username"] == "ann"


def test_what_closing_does_is_told_in_the_language_of_the_user() -> None:
    page = client_of(make_user()).get("/account/data/", headers={"Accept-Language": "de"}).content.decode()
    assert "unter einem Pseudonym" in page


def test_account_is_closed_after_the_name_was_entered() -> None:
    ann = make_user("ann", email="ann@example.org")
    client = client_of(ann)
    assert client.post("/account/data/", {"confirmation": "Ann"}).status_code == 400
    assert client.post("/account/data/", {"confirmation": "ann"})["Location"] == "/"
    ann.refresh_from_db()
    assert (ann.is_active, ann.email) == (False, "")
    assert client.get("/account/").status_code == 302
    assert AuditEntry.objects.get(action=AuditAction.USER_ANONYMIZE).actor_id == ann.pk


@pytest.mark.parametrize(("reason", "status"), [("administrator", 403), ("last owner", 400)])
def test_account_that_is_needed_is_not_closed(reason: str, status: int) -> None:
    ann = make_user("ann", is_superuser=reason == "administrator")
    Membership.objects.create(organization=make_organization(), user=ann, role="owner")
    assert client_of(ann).post("/account/data/", {"confirmation": "ann"}).status_code == status
    ann.refresh_from_db()
    assert ann.is_active
