"""One-time links that staff hand out: to choose a password, and to create an account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from releasehub.accounts.models import OneTimeLink, SignedInBrowser, User
from releasehub.accounts.services.one_time_links import (
    choose_password,
    create_password_link,
    create_sign_up_link,
    delete_old_links,
    find_link,
    use_link,
)
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound
from tests.factories import make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
PASSWORD, SIGN_UP = OneTimeLink.Kind.PASSWORD, OneTimeLink.Kind.SIGN_UP


def make_staff() -> User:
    return make_user("sam", is_staff=True, permissions=("change_user", "add_user"))


def test_password_link_works_once_and_ends_all_sessions() -> None:
    ann = make_user("ann")
    Client().force_login(ann)
    token = create_password_link(actor=Actor(user=make_staff()), user=ann)
    assert token not in str(list(OneTimeLink.objects.values()))
    choose_password(actor=Actor(), token=token, password="another-pass-2")
    ann.refresh_from_db()
    assert ann.check_password("another-pass-2")
    assert not SignedInBrowser.objects.filter(user=ann).exists()
    with pytest.raises(NotFound):
        choose_password(actor=Actor(), token=token, password="a-third-pass-3")
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {AuditAction.ONE_TIME_LINK_CREATE, AuditAction.ONE_TIME_LINK_USE, AuditAction.USER_PASSWORD} <= actions


def test_link_ends_with_its_time_its_successor_and_the_right_of_its_creator() -> None:
    ann, sam = make_user("ann"), make_staff()
    first = create_password_link(actor=Actor(user=sam), user=ann)
    token = create_password_link(actor=Actor(user=sam), user=ann)
    with pytest.raises(NotFound):
        find_link(PASSWORD, first)
    with pytest.raises(NotFound):
        find_link(SIGN_UP, token)
    assert find_link(PASSWORD, token).user == ann
    User.objects.filter(pk=sam.pk).update(is_staff=False)
    with pytest.raises(NotFound):
        find_link(PASSWORD, token)
    token = create_password_link(actor=system(), user=ann)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(days=31))
    with pytest.raises(NotFound):
        find_link(PASSWORD, token)
    assert delete_old_links() == 1


def test_only_staff_with_all_rights_of_the_user_hand_out_links() -> None:
    root, sam = make_user("root", is_superuser=True), make_staff()
    with pytest.raises(Denied):
        create_password_link(actor=Actor(user=sam), user=root)
    with pytest.raises(NotFound):
        create_password_link(actor=Actor(user=make_user()), user=sam)
    with pytest.raises(Denied):
        create_sign_up_link(actor=Actor(user=make_user()))


def test_link_is_used_by_one_request_only() -> None:
    link = find_link(SIGN_UP, create_sign_up_link(actor=system(), note="Ann"))
    use_link(actor=Actor(), link=link)
    with pytest.raises(NotFound):
        use_link(actor=Actor(), link=link)
