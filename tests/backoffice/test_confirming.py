"""Staff confirm the password before they change who can sign in and what accounts may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from releasehub.accounts.models import OneTimeLink, User
from releasehub.core.encryption import encrypt
from tests.conftest import begin_with
from tests.factories import make_download, make_user
from tests.sessions import signed_in

TRANSFER = {"confirmed": "1", "confirmation": "", "reason": "root"}
PASSWORD = {"password1": "new-secret-9", "password2": "new-secret-9", "usable_password": "true"}


def build() -> dict[str, Any]:
    root, ann = make_user("root", is_staff=True, is_superuser=True), make_user("ann")
    Authenticator.objects.create(user=ann, type="totp", data={"secret": encrypt("JBSWY3DPEHPK3PXP")})
    gone = make_user("gone", is_active=False)
    group = Group.objects.create(name="helpers")
    return {"root": root, "ann": ann, "gone": gone, "group": group, "download": make_download(ann)}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def step(pk: int, name: str) -> str:
    return reverse("admin:accounts_user_step", args=[pk, name])


def people() -> list[Any]:
    """Return who may sign in, and who owns the downloads."""
    return [
        *User.objects.order_by("pk").values_list("username", "is_active", "anonymized_at"),
        *Download.objects.values_list("pk", "owner"),
    ]


@pytest.fixture
def root(world: dict[str, Any]) -> Client:
    """A browser that an administrator left signed in."""
    return signed_in(world["root"])


def test_a_signed_in_browser_alone_changes_no_account(root: Client, world: dict[str, Any]) -> None:
    own, other, group = world["root"].pk, world["ann"].pk, world["group"].pk
    powers = [Permission.objects.get(codename="change_user").pk]
    forms = {
        reverse("admin:auth_user_password_change", args=[own]): PASSWORD,
        reverse("admin:auth_user_password_change", args=[other]): PASSWORD,
        reverse("admin:accounts_user_password_link", args=[own]): {},
        step(other, "remove-factors"): {},
        reverse("admin:accounts_user_change", args=[own]): {"username": "root", "email": "thief@example.org"},
        reverse("admin:accounts_user_add"): PASSWORD | {"username": "accomplice"},
        reverse("admin:auth_group_change", args=[group]): {"name": "helpers", "permissions": powers},
        reverse("admin:auth_group_add"): {"name": "accomplices", "permissions": powers},
        step(other, "sign-out"): {},
        step(other, "disable"): {},
        step(other, "transfer"): {"to": "root", "kinds": ["downloads"]},
        step(other, "merge"): {"to": "root", "confirmation": "ann"},
        step(world["gone"].pk, "enable"): {},
        step(other, "anonymize"): {"confirmation": "ann"},
        reverse("admin:downloads_download_act", args=[world["download"].pk, "transfer"]): TRANSFER,
        reverse("admin:downloads_download_changelist"): TRANSFER
        | {"action": "transfer", "_selected_action": world["download"].pk},
    }
    before = people()
    for url, form in forms.items():
        answer = root.post(url, form)
        # A form with a password comes back empty, so that the password waits in no session.
        assert urlsplit(answer["Location"]).path == (url if "password1" in form else "/account/confirm/"), url
        assert "new-secret-9" not in str(dict(root.session))
    assert people() == before
    assert not world["root"].check_password(PASSWORD["password1"])
    assert (OneTimeLink.objects.count(), Authenticator.objects.count()) == (0, 1)
    assert not User.objects.filter(username="accomplice").exists()
    assert not User.objects.filter(email="thief@example.org").exists()
    assert not Group.objects.filter(permissions=powers[0], name__in=["helpers", "accomplices"]).exists()


def test_a_change_goes_on_after_the_password_was_entered(root: Client, world: dict[str, Any]) -> None:
    form = {"name": "support", "permissions": []}
    asked = root.post(reverse("admin:auth_group_change", args=[world["group"].pk]), form)["Location"]
    assert root.post(asked, {"password": "secret-pass-1"}).status_code == 302
    assert Group.objects.filter(name="support").exists()


def test_a_transfer_from_a_list_goes_on_after_the_password_was_entered(root: Client, world: dict[str, Any]) -> None:
    form = TRANSFER | {"action": "transfer", "_selected_action": world["download"].pk}
    asked = root.post(reverse("admin:downloads_download_changelist"), form)["Location"]
    assert root.post(asked, {"password": "secret-pass-1"}).status_code == 302
    assert Download.objects.get().owner == world["root"]


def test_the_form_of_a_password_opens_after_the_confirmation(root: Client, world: dict[str, Any]) -> None:
    path = reverse("admin:auth_user_password_change", args=[world["ann"].pk])
    asked = root.get(path)["Location"]
    assert root.post(asked, {"password": "secret-pass-1"})["Location"] == path
    assert root.get(path).status_code == 200
    assert root.post(path, PASSWORD).status_code == 302
    assert User.objects.get(username="ann").check_password("new-secret-9")
