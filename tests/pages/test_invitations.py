"""The pages of invitations: the people of a team or an organization, and the answers of those who are invited."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from downloads.models import TeamMember
from releasehub.accounts import invitation_mail
from releasehub.accounts.models import Invitation, Membership, Role
from releasehub.accounts.services.roles import create_role
from tests.confirming import confirm_password
from tests.factories import make_download, make_organization, make_user, system

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.owner = make_user("owner", email="owner@example.org")
        self.guest = make_user("guest", email="guest@example.org")
        self.download = make_download(self.owner, title="Tool")
        self.organization = make_organization("Northwind")
        Membership.objects.create(organization=self.organization, user=self.owner, role="owner")
        self.team = f"/account/downloads/{self.download.public_id}/team/"
        self.members = f"/account/organizations/{self.organization.public_id}/"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def client_of(user: Any, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def form_of(scene: Scene, page: str, invited: str) -> dict[str, Any]:
    return {"invited": invited} | ({"flags": ["can_upload"]} if page == "team" else {"role": "member"})


pages = pytest.mark.parametrize("page", ["team", "members"])


def test_people_outside_the_organization_of_a_download_are_led_to_it(scene: Scene) -> None:
    owner, guest = client_of(scene.owner), client_of(scene.guest)
    scene.download.organization = scene.organization
    scene.download.save()
    assert f'href="{scene.members}"' in text(owner.get(scene.team))
    owner.post(scene.team, form_of(scene, "team", "guest"))
    path = f"/account/invitations/{Invitation.objects.get().public_id}/accept/"
    waiting = text(guest.get("/account/"))
    assert "You can accept once you belong to Northwind." in waiting
    assert path not in waiting
    assert "once you belong to the organization Northwind" in text(guest.post(path))
    member = Membership.objects.create(organization=scene.organization, user=scene.guest)
    assert path in text(guest.get("/account/"))
    guest.post(path)
    mark = "no access: not in Northwind"
    assert mark not in text(owner.get(scene.team))
    member.delete()
    assert mark in text(owner.get(scene.team))


@pages
def test_invited_user_sees_and_accepts_the_invitation(scene: Scene, page: str) -> None:
    owner, guest = client_of(scene.owner), client_of(scene.guest)
    path = getattr(scene, page)
    answer = owner.post(path, form_of(scene, page, "guest"), follow=True)
    assert "guest was invited" in text(answer)
    invitation = Invitation.objects.get()
    shown = text(guest.get("/account/"))
    assert ("Tool" if page == "team" else "Northwind") in shown
    assert guest.post(f"/account/invitations/{invitation.public_id}/accept/", follow=True).status_code == 200
    joined = TeamMember.objects.filter(user=scene.guest), Membership.objects.filter(user=scene.guest)
    assert [rows.exists() for rows in joined] == [page == "team", page == "members"]
    assert "No invitation is pending" in text(owner.get(path))


@pytest.mark.embedded
@pages
def test_the_answer_is_the_same_with_and_without_an_account(scene: Scene, page: str) -> None:
    owner, path, found = client_of(scene.owner), getattr(scene, page), []
    for invited in ("guest", "nobody", "guest@example.org", "nobody@example.org"):
        answer = owner.post(path, form_of(scene, page, invited))
        shown = owner.get(path)
        body = re.sub(r'<time.*?</time>|value="[^"]*"|[a-z0-9]{24}', "", text(shown).replace(invited, "x"))
        found.append((answer.status_code, answer["Location"], body))
        Invitation.objects.all().delete()
    assert all(one == found[0] for one in found)


@pages
def test_revoked_by_the_inviter(scene: Scene, page: str) -> None:
    owner, path = client_of(scene.owner), getattr(scene, page)
    owner.post(path, form_of(scene, page, "guest"))
    action = f"/account/invitations/{Invitation.objects.get().public_id}/revoke/"
    assert action in text(owner.get(path))
    assert owner.post(action)["Location"] == path
    assert "Invitations</h2>" not in text(client_of(scene.guest).get("/account/"))


def test_invitation_to_a_role_that_is_gone_is_left_out(scene: Scene) -> None:
    """Otherwise, the people of an organization could make the account page of anybody answer 404."""
    owner, guest = client_of(scene.owner), client_of(scene.guest)
    role = create_role(actor=system(), organization=scene.organization, name="Helper")
    owner.post(scene.members, {"invited": "guest", "role": role.public_id})
    assert "Helper" in text(guest.get("/account/"))
    Role.objects.all().delete()
    assert "Invitations</h2>" not in text(guest.get("/account/"))
    assert owner.get(scene.members).status_code == 200


def test_a_link_is_offered_to_managers_with_all_rights_of_the_invitation(scene: Scene) -> None:
    owner, manager = client_of(scene.owner), client_of(scene.guest)
    TeamMember.objects.create(download=scene.download, user=scene.guest, can_manage_team=True)
    owner.post(scene.team, form_of(scene, "team", "somebody"))
    action = f"/account/invitations/{Invitation.objects.get().public_id}/"
    assert f"{action}link/" in text(owner.get(scene.team))
    assert f"{action}revoke/" in text(manager.get(scene.team))
    assert f"{action}link/" not in text(manager.get(scene.team))
    assert manager.post(f"{action}link/").status_code == 403
    assert owner.post(f"{action}link/").status_code == 200


def test_a_declined_invitation_looks_pending_to_the_inviter(scene: Scene) -> None:
    owner = client_of(scene.owner)
    owner.post(scene.team, form_of(scene, "team", "guest"), follow=True)  # which takes the message away
    before = text(owner.get(scene.team))
    client_of(scene.guest).post(f"/account/invitations/{Invitation.objects.get().public_id}/decline/")
    token = re.compile(r'value="[^"]*"')
    assert token.sub("", text(owner.get(scene.team))) == token.sub("", before)


@pytest.mark.parametrize("name", ["accept", "decline", "revoke", "other"])
def test_strangers_cannot_answer_an_invitation(scene: Scene, name: str) -> None:
    client_of(scene.owner).post(scene.team, form_of(scene, "team", "guest"))
    action = f"/account/invitations/{Invitation.objects.get().public_id}/{name}/"
    assert client_of(make_user()).post(action).status_code == 404
    assert "sign-in" in Client().post(action)["Location"]
    assert Invitation.objects.unanswered().exists()


@pytest.mark.embedded
@pages
def test_invitation_page_is_for_members_who_may_invite_only(scene: Scene, page: str) -> None:
    Membership.objects.create(organization=scene.organization, user=scene.guest)
    path = getattr(scene, page)
    assert client_of(scene.guest).get(path).status_code == (404 if page == "team" else 403)
    assert client_of(make_user()).get(path).status_code == 404
    assert "sign-in" in Client().get(path)["Location"]


@pytest.mark.embedded
@pages
def test_every_form_needs_its_csrf_token(scene: Scene, page: str) -> None:
    owner = client_of(scene.owner, enforce_csrf_checks=True)
    path = getattr(scene, page)
    form = form_of(scene, page, "guest")
    assert owner.post(path, form).status_code == 403
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', text(owner.get(path)))
    assert token is not None
    assert owner.post(path, form | {"csrfmiddlewaretoken": token[1]}).status_code == 302
    guest = client_of(scene.guest, enforce_csrf_checks=True)
    action = f"/account/invitations/{Invitation.objects.get().public_id}/accept/"
    assert guest.post(action).status_code == 403
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', text(guest.get("/account/")))
    assert token is not None
    assert guest.post(action, {"csrfmiddlewaretoken": token[1]}).status_code == 302


@pytest.mark.embedded
def test_a_wrong_form_is_shown_again(scene: Scene) -> None:
    owner = client_of(scene.owner)
    assert owner.post(scene.team, {"invited": "guest", "flags": ["is_owner"]}).status_code == 400
    assert owner.post(scene.members, {"invited": "owner", "role": "member"}).status_code == 400
    assert not Invitation.objects.exists()


def test_link_of_the_invitation_email_opens_for_any_account(scene: Scene, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    client_of(scene.owner).post(scene.team, form_of(scene, "team", "new@example.org"))
    invitation_mail.send_invitations()
    found = re.search(r"/account/invitations/by-link/[\w-]+/", str(mail.outbox[0].body))
    assert found is not None
    newcomer = make_user()
    client = client_of(newcomer)
    shown = client.get(found[0])
    assert ("Tool" in text(shown), shown["Cache-Control"], shown["Referrer-Policy"]) == (
        True,
        "private, no-store",
        "same-origin",
    )
    assert client.post(found[0], {"answer": "accept"}).status_code == 302
    assert TeamMember.objects.filter(user=newcomer).exists()
    assert client.get(found[0]).status_code == 404


def test_the_owner_gives_a_download_away(scene: Scene) -> None:
    owner, guest = client_of(scene.owner), client_of(scene.guest)
    page = f"/account/downloads/{scene.download.public_id}/owner/"
    assert page in text(owner.get(scene.team))
    assert guest.get(page).status_code == 403
    assert owner.post(page, {"to": "guest"})["Location"].startswith("/account/confirm/")
    assert not Invitation.objects.exists()
    confirm_password(owner, scene.owner)
    assert owner.post(page, {"to": "owner"}).status_code == 400
    assert "You own it until then" in text(owner.post(page, {"to": "guest"}, follow=True))
    revoked, accepted = Invitation.objects.get(), None
    answer = owner.post(f"/account/invitations/{revoked.public_id}/revoke/", follow=True)
    assert "No invitation is pending" in text(answer)
    owner.post(page, {"to": "guest"})
    accepted = Invitation.objects.latest("id")
    assert "ownership of the download" in text(guest.get("/account/"))
    guest.post(f"/account/invitations/{accepted.public_id}/accept/")
    assert owner.get(page).status_code == 403
    assert "guest</strong>" in text(guest.get(page))
