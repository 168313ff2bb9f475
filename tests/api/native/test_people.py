"""Invitations and transfers of downloads over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from releasehub.accounts.models import Invitation, Membership, User
from releasehub.accounts.services import invite
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_organization, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


class Scene:
    def __init__(self) -> None:
        self.owner, self.guest = make_user("owner"), make_user("guest")
        self.download = make_download(self.owner)
        self.organization = make_organization()
        Membership.objects.create(organization=self.organization, user=self.owner, role="owner")
        targets = [(Invitation.Kind.TEAM, self.download, ["can_upload"])]
        targets += [(Invitation.Kind.ORGANIZATION, self.organization, ["member"])]
        self.team, self.member = (
            invite(actor=Actor(user=self.owner), kind=kind, target=target, invited="guest", rights=rights)
            for kind, target, rights in targets
        )

    @property
    def lists(self) -> dict[str, Invitation]:
        return {
            f"/api/invitations/?download_id={self.download.pk}": self.team,
            f"/api/invitations/?organization_id={self.organization.public_id}": self.member,
        }


@pytest.fixture
def scene() -> Scene:
    return Scene()


def client(user: User, *scopes: str) -> ApiClient:
    return ApiClient(make_key(user, scopes=scopes or Scope.values))


def test_managers_list_and_revoke_invitations(scene: Scene, django_assert_max_num_queries: Any) -> None:
    who = client(scene.owner)
    for url, invitation in scene.lists.items():
        with django_assert_max_num_queries(12):
            answer = who.get(url)
        check("/api/invitations/", "get", answer)
        shown = answer.json()["invitations"]
        assert [(row["id"], row["invited"], row["invited_by"]) for row in shown] == [
            (invitation.public_id, "guest", "owner")
        ]
        revoked = who.send("delete", f"/api/invitations/{invitation.public_id}/")
        check("/api/invitations/{public_id}/", "delete", revoked)
        assert who.get(url).json()["invitations"] == []
        assert who.send("delete", f"/api/invitations/{invitation.public_id}/").status_code == 409


def test_others_neither_list_nor_revoke(scene: Scene) -> None:
    guest, stranger = client(scene.guest), client(make_user())
    Download.objects.filter(pk=scene.download.pk).update(visibility="private")
    for url, invitation in scene.lists.items():
        item = f"/api/invitations/{invitation.public_id}/"
        assert ApiClient().get(url).status_code == 401
        assert [who.get(url).status_code for who in (guest, stranger)] == [404, 404]
        assert stranger.send("delete", item).status_code == 404
        assert guest.send("delete", item).status_code == 403  # the addressee sees the invitation
    assert Invitation.objects.pending().count() == 2


def test_scope_follows_the_target(scene: Scene) -> None:
    team, members = scene.lists
    reader = client(scene.owner, Scope.PEOPLE_READ, Scope.MEMBERS_INVITE)
    assert [reader.get(url).status_code for url in (team, members)] == [200, 200]
    assert reader.send("delete", f"/api/invitations/{scene.team.public_id}/").status_code == 403
    writer = client(scene.owner, Scope.PEOPLE_WRITE)
    assert [writer.get(url).status_code for url in (team, members)] == [403, 403]
    assert writer.send("delete", f"/api/invitations/{scene.member.public_id}/").status_code == 403


def test_a_key_with_every_other_scope_neither_transfers_nor_answers(scene: Scene) -> None:
    """The key of a build publishes. A thief of that key must not be able to take the download over."""
    others = [scope for scope in Scope.values if scope != Scope.PEOPLE_WRITE]
    item = f"/api/invitations/{scene.team.public_id}/"
    owner, guest = client(scene.owner, *others), client(scene.guest, *others)
    answers = [
        owner.send("post", f"/api/downloads/{scene.download.pk}/transfer", {"to": "guest"}),
        owner.send("delete", item),
        guest.send("post", f"{item}accept/"),
        guest.send("post", f"{item}decline/"),
    ]
    assert [(answer.status_code, "people:write" in answer.text) for answer in answers] == [(403, True)] * 4
    only = client(scene.owner, Scope.PEOPLE_WRITE)
    assert only.send("post", f"/api/downloads/{scene.download.pk}/transfer", {"to": "guest"}).status_code == 202


def test_a_key_with_every_other_scope_reads_no_invitations(scene: Scene) -> None:
    """The key of a build reads downloads. A thief of that key must not learn the addresses of people."""
    others = [scope for scope in Scope.values if scope != Scope.PEOPLE_READ]
    urls = (next(iter(scene.lists)), "/api/invitations/?mine=1")
    answers = [client(scene.owner, *others).get(url) for url in urls]
    assert [(answer.status_code, "people:read" in answer.text) for answer in answers] == [(403, True)] * 2
    assert [client(scene.owner, Scope.PEOPLE_READ).get(url).status_code for url in urls] == [200, 200]


def test_the_list_needs_one_target(scene: Scene) -> None:
    who = client(scene.owner)
    both = f"/api/invitations/?download_id={scene.download.pk}&organization_id={scene.organization.public_id}"
    assert [who.get(url).status_code for url in ("/api/invitations/", both)] == [400, 400]


def answered(scene: Scene, answer: str) -> Any:
    """Offer the download to the guest, and return the response to the guest's answer."""
    url = f"/api/downloads/{scene.download.pk}/transfer"
    offered = client(scene.owner).send("post", url, {"to": "guest"}).json()["invitation"]
    who = client(scene.guest)
    listed = who.get("/api/invitations/?mine=1")
    check("/api/invitations/", "get", listed)
    assert [row["id"] for row in listed.json()["invitations"]] == [offered["id"], scene.team.public_id]
    assert offered["download_id"] == scene.download.pk
    response = who.send("post", f"/api/invitations/{offered['id']}/{answer}/")
    check(f"/api/invitations/{{public_id}}/{answer}/", "post", response)
    again = who.send("post", f"/api/invitations/{offered['id']}/{answer}/")
    assert (response.status_code, again.status_code) == (200, 409)
    return Download.objects.get(pk=scene.download.pk).owner


def test_an_accepted_transfer_changes_the_owner(scene: Scene) -> None:
    assert answered(scene, "accept") == scene.guest


def test_a_declined_transfer_changes_nothing(scene: Scene) -> None:
    assert answered(scene, "decline") == scene.owner


def test_team_of_an_organization_is_for_its_people_only(scene: Scene) -> None:
    scene.download.organization = scene.organization
    scene.download.save()
    who = client(scene.guest)
    listed = who.get("/api/invitations/?mine=1").json()["invitations"]
    assert [row["requires_organization"] for row in listed] == [scene.organization.name]
    path = f"/api/invitations/{scene.team.public_id}/accept/"
    refused = who.send("post", path)
    check("/api/invitations/{public_id}/accept/", "post", refused)
    assert (refused.status_code, scene.organization.name in refused.text) == (409, True)
    Membership.objects.create(organization=scene.organization, user=scene.guest)
    assert who.send("post", path).status_code == 200


def test_only_the_addressee_answers_and_only_for_downloads(scene: Scene) -> None:
    path = f"/api/invitations/{scene.team.public_id}/accept/"
    assert client(make_user()).send("post", path).status_code == 404
    assert client(scene.owner).send("post", path).status_code == 403
    assert client(scene.guest, Scope.DOWNLOAD_READ).send("post", path).status_code == 403
    to_organization = f"/api/invitations/{scene.member.public_id}/accept/"
    assert client(scene.guest).send("post", to_organization).status_code == 403
    assert Invitation.objects.pending().count() == 2


def test_a_transfer_is_offered_and_names_the_owner(scene: Scene) -> None:
    path, url = "/api/downloads/{download_id}/transfer", f"/api/downloads/{scene.download.pk}/transfer"
    who = client(scene.owner)
    offered = who.send("post", url, {"to": "guest"})
    check(path, "post", offered)
    assert offered.status_code == 202
    assert offered.json()["owner"] == {"user_id": scene.owner.pk, "username": "owner"}
    assert offered.json()["invitation"]["kind"] == "ownership"
    root = client(make_user(is_superuser=True, is_staff=True))
    at_once = root.send("post", url, {"to": "guest"})
    check(path, "post", at_once)
    assert (at_once.status_code, at_once.json()["invitation"]) == (200, None)
    assert Download.objects.get(pk=scene.download.pk).owner == scene.guest
    assert who.send("post", url, {"to": "owner"}).status_code == 403
