"""Downloads change their owner: who decides, who has to accept, and what the old owner keeps."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from downloads.models import AccessKey, Download, Share, TeamMember
from downloads.services import (
    pending_invitations_of_download,
    set_team_member,
    share_download,
    transfer_download,
    update_category,
)
from downloads.webhooks import is_held_by_manager
from releasehub.accounts.models import Invitation, User
from releasehub.accounts.services import accept_invitation, decline_invitation
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, DomainError, Invalid, NotFound, Rejected
from releasehub.distribution.access_keys import issue_access_key
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint, Event
from tests.factories import make_category, make_download, make_file, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


class Scene:
    """A download of `owner`, with `member` on its team and `guest` outside."""

    def __init__(self) -> None:
        self.owner = make_user("owner")
        self.member = make_user("member", email="member@example.org")
        self.guest = make_user("guest", email="guest@example.org")
        self.download = make_download(self.owner, category=make_category(), visibility="private")
        self.join(self.member)

    def join(self, user: User, *flags: str) -> None:
        names = set(flags or TeamMember.FLAGS)
        set_team_member(actor=system(), download=self.download, user=user, flags=names)

    def transfer(self, to: str, by: User | None = None) -> Invitation | None:
        return transfer_download(actor=Actor(user=by or self.owner), download=self.download, to=to)

    @property
    def stored_owner(self) -> User:
        return Download.objects.select_related("owner").get(pk=self.download.pk).owner


@pytest.fixture
def scene() -> Scene:
    return Scene()


def staff(*permissions: str) -> User:
    return make_user(is_staff=True, permissions=permissions)


def test_a_team_member_becomes_the_owner_at_once(scene: Scene) -> None:
    assert scene.transfer(" member ") is None
    assert scene.stored_owner == scene.member
    assert not TeamMember.objects.filter(download=scene.download).exists()
    row = AuditEntry.objects.latest("id")
    assert (row.action, row.changes) == ("download.transfer", {"owner": [scene.owner.pk, scene.member.pk]})
    assert Event.objects.latest("id").type == "download.updated"
    with pytest.raises(NotFound):  # the old owner left
        scene.transfer("owner")


@pytest.mark.parametrize("to", ["guest", "guest@example.org", "member@example.org"])
def test_others_become_the_owner_when_they_accept(scene: Scene, to: str) -> None:
    heir = scene.member if "member" in to else scene.guest
    scene.transfer("absent@example.org")
    offer = scene.transfer(to)
    assert offer is not None
    assert scene.stored_owner == scene.owner
    accept_invitation(actor=Actor(user=heir), invitation=offer)
    assert scene.stored_owner == heir
    ended = Invitation.objects.order_by("id").values_list("accepted_at", "revoked_at")
    assert [(bool(accepted), bool(revoked)) for accepted, revoked in ended] == [(False, True), (True, False)]


def test_response_does_not_reveal_whether_an_account_exists(scene: Scene) -> None:
    found = [scene.transfer(to) for to in ("guest", "absent", "guest@example.org", "absent@example.org")]
    assert {(row.kind, row.is_pending) for row in found if row} == {("ownership", True)}
    assert None not in found


def test_a_declined_offer_looks_pending_and_changes_nothing(scene: Scene) -> None:
    offer = scene.transfer("guest")
    assert offer is not None
    decline_invitation(actor=Actor(user=scene.guest), invitation=offer)
    assert list(pending_invitations_of_download(actor=Actor(user=scene.owner), download=scene.download)) == [offer]
    assert scene.stored_owner == scene.owner


def test_offer_of_a_former_owner_cannot_be_accepted(scene: Scene) -> None:
    offer = scene.transfer("guest")
    assert offer is not None
    Download.objects.filter(pk=scene.download.pk).update(owner=scene.member)
    with pytest.raises(Conflict):
        accept_invitation(actor=Actor(user=scene.guest), invitation=offer)


def test_only_owner_and_moderators_transfer(scene: Scene) -> None:
    for user, error in ((scene.member, Denied), (scene.guest, NotFound)):
        with pytest.raises(error):
            scene.transfer("guest", by=user)
    with pytest.raises(Conflict):
        scene.transfer("owner")
    assert scene.transfer("guest", by=staff("moderate_download")) is not None  # may not see who has an account
    clerk = staff("moderate_download", "view_user")
    with pytest.raises(Invalid):
        scene.transfer("absent", by=clerk)
    assert scene.transfer("GUEST@example.org", by=clerk) is None
    assert scene.stored_owner == scene.guest


def test_team_managers_do_not_see_offers_of_the_ownership(scene: Scene) -> None:
    scene.transfer("guest")
    for user, count in ((scene.owner, 1), (scene.member, 0)):
        assert pending_invitations_of_download(actor=Actor(user=user), download=scene.download).count() == count


def test_next_owner_needs_quota_and_a_category_that_takes_downloads(scene: Scene, settings: Any) -> None:
    make_file(make_version(scene.download, state="draft"), content=b"12345")
    offer = scene.transfer("guest")
    assert offer is not None

    def refused() -> type[DomainError]:
        with pytest.raises(Rejected) as at_once:
            scene.transfer("member")
        with pytest.raises(Rejected):
            accept_invitation(actor=Actor(user=scene.guest), invitation=offer)
        assert scene.stored_owner == scene.owner
        return type(at_once.value)

    settings.USER_QUOTA_BYTES = 4
    assert refused()
    settings.USER_QUOTA_BYTES = 0
    update_category(actor=system(), category=scene.download.category, accepts_downloads=False)
    assert refused()
    assert scene.transfer("member", by=staff("moderate_download")) is None


def test_transfer_keeps_grants_and_stops_endpoints_of_the_old_owner(scene: Scene) -> None:
    actor = Actor(user=scene.owner)
    share = share_download(actor=actor, download=scene.download, user=scene.guest)
    key, _ = issue_access_key(actor=actor, download=scene.download, name="A customer")
    endpoint, _ = create_endpoint(actor=actor, url="https://93.184.215.14/hook", download_id=scene.download.pk)
    held = Endpoint.objects.filter(Q(pk=endpoint.pk), is_held_by_manager())
    assert held.exists()
    scene.transfer("member")
    assert not held.exists()
    assert Share.objects.in_force().filter(pk=share.pk, created_by=scene.member).exists()
    assert AccessKey.objects.get(pk=key.pk).created_by == scene.member
