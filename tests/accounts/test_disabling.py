"""Disable and enable an account, and sign somebody out everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import BaseForm
from django.test import Client

from releasehub.accounts.models import User
from releasehub.accounts.models.sign_in import OneTimeLink
from releasehub.accounts.services.anonymizing import anonymize_user
from releasehub.accounts.services.disabling import disable_user, enable_user, end_sessions
from releasehub.accounts.services.one_time_links import create_password_link, find_link
from releasehub.accounts.services.saving import save_account
from releasehub.apikeys.tokens import issue_token, verify_token
from releasehub.apikeys.verification import InactiveKey, verify_key
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, NotFound
from tests.confirming import confirm_password
from tests.crawling import read
from tests.factories import make_key, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def clerk() -> Actor:
    return Actor(user=make_user("clerk", is_staff=True, permissions=("view_user", "change_user")))


@pytest.fixture
def ann() -> User:
    return make_user("ann")


def audited() -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(action__startswith="user.").order_by("id")
    return list(rows.values_list("action", "reason"))


def test_disabled_user_loses_session_token_key_and_link(clerk: Actor, ann: User, client: Client) -> None:
    client.force_login(ann)
    secret, token = make_key(ann), issue_token(ann)
    link = create_password_link(actor=clerk, user=ann)
    disable_user(actor=clerk, user=ann, reason="left")
    assert client.get("/account/").status_code == 302
    for use in (lambda: verify_key(secret), lambda: verify_token(token)):
        with pytest.raises(InactiveKey):
            use()
    with pytest.raises(NotFound):
        find_link(OneTimeLink.Kind.PASSWORD, link)
    assert audited() == [("user.disable", "left")]


def test_enabled_user_signs_in_again_and_old_sessions_stay_closed(clerk: Actor, ann: User, client: Client) -> None:
    client.force_login(ann)
    secret = make_key(ann)
    disable_user(actor=clerk, user=ann)
    disable_user(actor=clerk, user=ann)
    enable_user(actor=clerk, user=ann, reason="back")
    assert client.get("/account/").status_code == 302
    assert verify_key(secret).user == ann
    client.force_login(User.objects.get(pk=ann.pk))
    assert client.get("/account/").status_code == 200
    assert audited() == [("user.disable", ""), ("user.enable", "back")]


def test_ending_all_sessions_ends_tokens_but_no_keys(clerk: Actor, ann: User, client: Client) -> None:
    client.force_login(ann)
    secret, token = make_key(ann), issue_token(ann)
    end_sessions(actor=clerk, user=ann, reason="lost laptop")
    assert client.get("/account/").status_code == 302
    with pytest.raises(InactiveKey):
        verify_token(token)
    assert verify_key(secret).user == ann
    assert audited() == [("user.sign_out", "lost laptop")]


@pytest.mark.parametrize("step", [disable_user, enable_user, end_sessions])
def test_staff_change_nobody_with_more_rights(clerk: Actor, step: object) -> None:
    moderator = make_user("mod", is_staff=True, permissions=("moderate_download",))
    with pytest.raises(Denied):
        step(actor=clerk, user=moderator)  # type: ignore[operator]
    with pytest.raises(NotFound):
        step(actor=Actor(user=make_user()), user=moderator)  # type: ignore[operator]
    assert audited() == []


def test_staff_cannot_disable_themselves(clerk: Actor) -> None:
    assert clerk.user is not None
    with pytest.raises(Denied):
        disable_user(actor=clerk, user=clerk.user)


def test_a_session_hash_depends_on_the_generation_only_after_it_changed(ann: User) -> None:
    """An upgrade signs nobody out."""
    before = super(User, ann).get_session_auth_hash()
    assert ann.get_session_auth_hash() == before
    end_sessions(actor=system(), user=ann)
    ann.refresh_from_db()
    assert ann.get_session_auth_hash() != before


PASSWORDS = {"password1": "another-pass-1", "password2": "another-pass-1"}


def entered(client: Client, url: str) -> dict[str, Any]:
    """Return what the form of an account in the admin sends if nothing is changed."""
    _, forms = read(url, client.get(url).content)
    return next(form.values for form in forms if "username" in form.values)


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/account/profile/", {"first_name": "Ann", "last_name": "Lee"}),
        ("/account/watches/", {"version_mail": "weekly"}),
        ("/account/password/", {"oldpassword": "secret-pass-1", **PASSWORDS}),
        ("/admin/accounts/user/{pk}/change/", {"first_name": "Ann"}),
        ("/admin/accounts/user/{pk}/password/", PASSWORDS),
    ],
)
def test_form_that_is_sent_at_the_same_time_does_not_enable_the_account_again(
    url: str, data: dict[str, Any], ann: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_admin, url = url.startswith("/admin/"), url.format(pk=ann.pk)
    sender = make_user("root", is_staff=True, is_superuser=True) if is_admin else ann
    client.force_login(sender)
    confirm_password(client, sender)
    sent = (entered(client, url) if url.endswith("/change/") else {}) | data
    validate = BaseForm.full_clean

    def disable_after_validation(form: BaseForm) -> None:
        validate(form)
        if form.is_bound and User.objects.get(pk=ann.pk).is_active:
            disable_user(actor=system(), user=User.objects.get(pk=ann.pk))

    monkeypatch.setattr(BaseForm, "full_clean", disable_after_validation)
    client.post(url, sent)
    stored = User.objects.get(pk=ann.pk)
    assert (stored.is_active, stored.session_generation) == (False, 1)
    saved = {"password1": stored.check_password("another-pass-1"), "oldpassword": True}
    assert all(saved[name] if name in saved else getattr(stored, name, value) == value for name, value in data.items())


def test_request_that_has_read_an_account_earlier_does_not_change_it_after_its_anonymization(ann: User) -> None:
    stale = User.objects.get(pk=ann.pk)
    anonymize_user(actor=system(), user=ann)
    stale.first_name = "Ann"
    with pytest.raises(Conflict):
        save_account(stale, ["first_name"])
    with pytest.raises(Conflict):
        enable_user(actor=system(), user=stale)
    stored = User.objects.get(pk=ann.pk)
    assert (stored.is_active, stored.first_name) == (False, "")


def take_in_admin(actor: User, user: User, right: str) -> str:
    """Untick a box in the form of the user, and return the page if the form was refused."""
    browser, url = Client(), f"/admin/accounts/user/{user.pk}/change/"
    browser.force_login(actor)
    confirm_password(browser, actor)
    form = entered(browser, url)
    del form[right]
    answer = browser.post(url, form)
    user.refresh_from_db()
    return "" if answer.status_code == 302 else answer.content.decode()


def test_account_that_is_deactivated_in_the_form_is_disabled_in_full(clerk: Actor, ann: User, client: Client) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(ann)
    link, token = create_password_link(actor=clerk, user=ann), issue_token(ann)
    assert (take_in_admin(root, ann, "is_active"), ann.is_active) == ("", False)
    enable_user(actor=system(), user=ann)
    assert client.get("/account/").status_code == 302
    with pytest.raises(InactiveKey):
        verify_token(token)
    with pytest.raises(NotFound):
        find_link(OneTimeLink.Kind.PASSWORD, link)


def test_own_account_cannot_be_deactivated_in_the_form(client: Client) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    make_user("other", is_staff=True, is_superuser=True)
    client.force_login(root)
    confirm_password(client, root)
    url = f"/admin/accounts/user/{root.pk}/change/"
    form = entered(client, url)
    assert "is_active" not in form
    assert client.post(url, form).status_code == 302
    root.refresh_from_db()
    assert root.is_active


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_last_site_administrator_cannot_be_lost(right: str) -> None:
    root, other = (make_user(name, is_staff=True, is_superuser=True) for name in ("root", "other"))
    assert take_in_admin(root, other, right) == ""
    assert "last active site administrator" in take_in_admin(root, root, right)
    assert (root.is_active, root.is_staff, root.is_superuser) == (True, True, True)
    with pytest.raises(Conflict):
        disable_user(actor=system(), user=root)


def test_account_is_not_renamed_to_a_name_that_differs_in_case_only(ann: User) -> None:
    make_user("Ben")
    for name in ("ben", "Ben"):
        ann.username = name
        with pytest.raises(Conflict, match=f"The username {name} is already taken"):
            save_account(ann, ["username"])
    ann.username = "Ann"
    save_account(ann, ["username"])
    assert sorted(User.objects.values_list("username", flat=True)) == ["Ann", "Ben"]
