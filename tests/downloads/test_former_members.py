"""Team members who left the organization of a download do not return when the download leaves it, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from downloads.models import AccessKey, Share, TeamMember
from downloads.policies import download_policy
from downloads.services import set_team_member, share_download, update_download
from releasehub.accounts.models import Membership, User
from releasehub.accounts.services import delete_organization
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.distribution.access_keys import issue_access_key
from tests.factories import make_download, make_organization, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


class Scene:
    """A private download of an organization. `former` was on its team until leaving the organization."""

    def __init__(self) -> None:
        self.former, self.member, self.guest = make_user(), make_user(), make_user()
        self.organization = make_organization(members=(self.former, self.member))
        self.other = make_organization(members=(self.former,))
        self.download = make_download(organization=self.organization, visibility="private")
        for user in (self.former, self.member):
            flags = {"can_edit", "can_manage_team"}
            set_team_member(actor=system(), download=self.download, user=user, flags=flags)
        share_download(actor=Actor(user=self.former), download=self.download, user=self.guest)
        issue_access_key(actor=Actor(user=self.former), download=self.download, name="of the former member")
        Membership.objects.get(organization=self.organization, user=self.former).delete()

    def is_open_to(self, user: User) -> bool:
        self.download.refresh_from_db()
        return download_policy.can_view(Actor(user=user), self.download)


@pytest.fixture
def scene() -> Scene:
    return Scene()


WAYS: dict[str, Callable[[Scene], object]] = {
    "deleted": lambda scene: delete_organization(actor=system(), organization=scene.organization),
    "left": lambda scene: update_download(actor=system(), download=scene.download, organization=None),
    "changed": lambda scene: update_download(actor=system(), download=scene.download, organization=scene.other),
}


@pytest.mark.parametrize("way", WAYS)
def test_former_members_do_not_return(scene: Scene, way: str) -> None:
    assert not scene.is_open_to(scene.former)
    WAYS[way](scene)
    assert not scene.is_open_to(scene.former)
    assert not scene.is_open_to(scene.guest)
    assert not Share.objects.in_force().exists()
    assert not AccessKey.objects.in_force().exists()
    assert list(TeamMember.objects.values_list("user", flat=True)) == [scene.member.pk]
    entry = AuditEntry.objects.get(action="team.remove")
    assert (entry.target_id, entry.changes) == (scene.download.pk, {"user": scene.former.pk})


@pytest.mark.parametrize("way", ["deleted", "left"])
def test_members_stay_on_the_team_when_the_download_leaves_the_organization(scene: Scene, way: str) -> None:
    WAYS[way](scene)
    assert scene.is_open_to(scene.member)
