"""Shares: the set form agrees with the policy, and old ones got an id of their own."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from downloads.models import Share, TeamMember
from downloads.policies import share_policy
from downloads.services import remove_share, set_team_member, share_download, visible_shares
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Denied
from tests.factories import make_download, make_user, system

pytestmark = pytest.mark.django_db


def test_query_set_and_policy_agree() -> None:
    download = make_download(visibility="public")
    maker, target, manager, reader = (make_user() for _ in range(4))
    for user in (maker, manager):
        set_team_member(actor=system(), download=download, user=user, flags=set(TeamMember.FLAGS))
    share = share_download(actor=Actor(user=maker, origin=Origin.API), download=download, user=target)
    set_team_member(actor=system(), download=download, user=maker, flags={"can_edit"})
    seen = []
    for user in (maker, target, manager, reader, download.owner):
        actor = Actor(user=user, origin=Origin.API)
        seen.append(visible_shares(actor, download).exists())
        assert seen[-1] is share_policy.can_view(actor, share)
    assert seen == [True, True, True, False, True]


def test_share_without_a_creator_can_be_removed_by_managers() -> None:
    download = make_download()
    share = share_download(actor=system(), download=download, user=make_user())
    assert share.created_by is None
    with pytest.raises(Denied):
        remove_share(actor=Actor(user=share.user, origin=Origin.API), share=share)
    remove_share(actor=Actor(user=download.owner, origin=Origin.API), share=share)
    assert not Share.objects.exists()


def test_migration_adds_a_public_id_to_each_share(monkeypatch: pytest.MonkeyPatch) -> None:
    migration = import_module("downloads.migrations.0002_shares_know_their_maker")
    shares = [share_download(actor=system(), download=make_download(), user=make_user()) for _ in range(3)]
    monkeypatch.setattr(Share.objects, "filter", lambda **_: Share.objects.all())
    migration.give_ids(apps, None)
    found = set(Share.objects.values_list("public_id", flat=True))
    assert len(found) == 3
    assert found.isdisjoint(share.public_id for share in shares)
