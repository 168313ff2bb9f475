"""Accounts are anonymized or merged while other requests give them something: nothing is left, and nobody deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from downloads.models import Download, Share, TeamMember
from downloads.services import ownership, set_team_member, share_download
from downloads.services.ownership import transfer_download
from releasehub.accounts.models import Membership, Organization, User
from releasehub.accounts.roles import MEMBER, built_in_role
from releasehub.accounts.services import anonymizing
from releasehub.accounts.services.anonymizing import anonymize_user
from releasehub.accounts.services.creating import create_account
from releasehub.accounts.services.disabling import disable_user
from releasehub.accounts.services.handing_over import merge_accounts
from releasehub.accounts.services.members import create_membership
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import issue_key
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict
from tests.factories import make_download, make_organization, make_user, system
from tests.racing import at_once, wait_until_blocked

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
    ),
    pytest.mark.django_db(transaction=True),
]
Call = Callable[[], Any]


class Meanwhile:
    """A call that another thread makes before the first call of a function, and that has to wait for its caller."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, call: Call) -> None:
        self._ends: list[Any] = []
        self._thread = Thread(target=lambda: self._ends.extend(at_once([call])))
        monkeypatch.setattr(module, name, self._before(getattr(module, name)))

    def _before(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            if self._thread.ident is None:
                self._thread.start()
                wait_until_blocked()
            return original(*args, **options)

        return wrapped

    def end(self) -> Any:
        self._thread.join()
        (end,) = self._ends
        return end


def join(organization: Organization, user: User) -> Membership:
    with transaction.atomic():
        role = built_in_role(organization, MEMBER)
        return create_membership(actor=system(), organization=organization, user=user, role=role)


GIFTS: dict[str, tuple[Any, Callable[[Any], Call]]] = {
    "key": (ApiKey, lambda user: partial(issue_key, actor=Actor(user=user), user=user, name="k")),
    "team": (
        TeamMember,
        lambda user: partial(
            set_team_member, actor=system(), download=make_download(), user=user, flags={"can_upload"}
        ),
    ),
    "share": (Share, lambda user: partial(share_download, actor=system(), download=make_download(), user=user)),
    "membership": (Membership, lambda user: partial(join, make_organization(), user)),
}


@pytest.mark.parametrize("gift", GIFTS)
def test_account_gets_nothing_while_it_is_anonymized(gift: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, give = GIFTS[gift]
    user = make_user()
    giving = Meanwhile(monkeypatch, anonymizing, "erase_sign_in", give(user))
    anonymize_user(actor=system(), user=user)
    assert isinstance(giving.end(), Conflict)
    assert not model.objects.filter(user=user).exists()


def test_transfer_and_a_merge_take_their_locks_in_one_order(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.USER_QUOTA_BYTES = 1000  # so that the transfer locks the quota of the heir
    user, into, staff = make_user(), make_user(), make_user(is_superuser=True, is_staff=True)
    download = make_download(user)
    merge = partial(merge_accounts, actor=Actor(user=staff), user=user, into=into)
    merging = Meanwhile(monkeypatch, ownership, "held_limits", merge)
    transfer_download(actor=Actor(user=staff), download=download, to=into.username)
    assert isinstance(merging.end(), dict)
    assert Download.objects.get(pk=download.pk).owner == into


def test_two_site_administrators_cannot_disable_each_other() -> None:
    first, second = (make_user(name, is_staff=True, is_superuser=True) for name in ("first", "second"))
    pairs = ((first, second), (second, first))
    ends = at_once([partial(disable_user, actor=Actor(user=actor), user=user) for actor, user in pairs])
    assert sorted(isinstance(end, Conflict) for end in ends) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1


def test_names_that_differ_in_case_only_are_not_taken_at_the_same_time() -> None:
    calls = [partial(create_account, actor=Actor(), username=name, password="secret-pass-1") for name in ("Ann", "ann")]
    ends = at_once(calls)
    assert sorted(isinstance(end, Conflict) for end in ends) == [False, True]
    assert User.objects.filter(username__iexact="ann").count() == 1
