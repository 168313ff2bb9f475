"""Invitations: who may create, answer and revoke them, and what the inviter learns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Download, TeamMember
from downloads.services import set_team_member
from releasehub.accounts import invitation_mail
from releasehub.accounts.limits import INVITATIONS_PER_ADDRESS
from releasehub.accounts.models import Invitation, Membership, Organization, Role, User
from releasehub.accounts.policies import invitation_policy
from releasehub.accounts.roles import find_role
from releasehub.accounts.services import (
    accept_invitation,
    decline_invitation,
    find_by_token,
    hand_out_link,
    invite,
    revoke_invitation,
)
from releasehub.accounts.services.invitations import delete_old_invitations
from releasehub.accounts.services.roles import create_role, delete_role
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid, NotFound, TooMany
from releasehub.publishing.deletion import delete_download
from tests.factories import make_download, make_organization, make_user, system

pytestmark = pytest.mark.django_db
KINDS = [Invitation.Kind.ORGANIZATION, Invitation.Kind.TEAM]
RIGHTS = {Invitation.Kind.ORGANIZATION: ["member"], Invitation.Kind.TEAM: ["can_upload"]}
REFUSALS = (Denied, NotFound, Conflict)


class Scene:
    """A target of one kind, the `owner` who invites to it, and a `guest` who has an account."""

    def __init__(self, kind: Invitation.Kind) -> None:
        self.kind = kind
        self.owner = make_user("owner", email="owner@example.org")
        self.guest = make_user("guest", email="guest@example.org")
        self.target: Any
        if kind == Invitation.Kind.ORGANIZATION:
            self.target = make_organization()
            Membership.objects.create(organization=self.target, user=self.owner, role="owner")
        else:
            self.target = make_download(self.owner)

    def invite(self, invited: str = "guest@example.org", **options: Any) -> Invitation:
        values = {"actor": Actor(user=self.owner), "rights": RIGHTS[self.kind]} | options
        return invite(kind=self.kind, target=self.target, invited=invited, **values)

    def joined(self, user: User | None = None) -> bool:
        user = user or self.guest
        if self.kind == Invitation.Kind.ORGANIZATION:
            return Membership.objects.filter(organization=self.target, user=user).exists()
        return TeamMember.objects.filter(download=self.target, user=user, can_upload=True).exists()


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def pending_of(user: User) -> list[Invitation]:
    return list(Invitation.objects.pending().addressed_to(Actor(user=user)))


@pytest.mark.parametrize("invited", ["guest@example.org", " Guest@Example.org ", "guest"])
def test_the_addressee_joins_by_accepting(scene: Scene, invited: str) -> None:
    invitation = scene.invite(invited)
    assert not scene.joined()
    assert pending_of(scene.guest) == [invitation]
    accept_invitation(actor=Actor(user=scene.guest), invitation=invitation)
    assert scene.joined()
    assert pending_of(scene.guest) == []
    recorded = AuditEntry.objects.filter(action__startswith="invitation.").order_by("id")
    assert [(row.action, row.actor_id) for row in recorded] == [
        ("invitation.create", scene.owner.pk),
        ("invitation.accept", scene.guest.pk),
    ]


def test_the_inviter_causes_the_same_queries_and_rows_with_and_without_an_account(scene: Scene) -> None:
    found = []
    for invited in ("guest@example.org", "absent@example.org", "guest", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            row = scene.invite(invited)
        found.append((len(queries), row.is_pending, row.expires_at > timezone.now()))
    assert len(set(found)) == 1


def test_declining_changes_nothing_for_the_inviter(scene: Scene) -> None:
    invitation = scene.invite()
    decline_invitation(actor=Actor(user=scene.guest), invitation=invitation)
    assert pending_of(scene.guest) == []
    assert list(Invitation.objects.unanswered()) == [invitation]
    with pytest.raises(Conflict):
        accept_invitation(actor=Actor(user=scene.guest), invitation=invitation)


def test_deletion_of_a_role_ends_the_invitations_that_would_give_it() -> None:
    scene = Scene(Invitation.Kind.ORGANIZATION)
    role = create_role(actor=system(), organization=scene.target, name="Helper")
    scene.invite("guest", rights=[role.public_id])
    kept = scene.invite("another")
    delete_role(actor=system(), role=role)
    assert list(Invitation.objects.unanswered()) == [kept]


def test_link_to_a_declined_invitation_opens_like_that_to_a_pending_one(scene: Scene) -> None:
    invitation = scene.invite()
    decline_invitation(actor=Actor(user=scene.guest), invitation=invitation)
    token = hand_out_link(actor=Actor(user=scene.owner), invitation=invitation)
    assert find_by_token(token) == invitation


def test_a_new_invitation_replaces_the_one_before(scene: Scene) -> None:
    first = scene.invite()
    decline_invitation(actor=Actor(user=scene.guest), invitation=first)
    second = scene.invite("GUEST@example.org")
    assert pending_of(scene.guest) == list(Invitation.objects.unanswered()) == [second]


def test_user_who_takes_an_invited_unknown_name_later_is_not_invited(scene: Scene) -> None:
    scene.invite("later")
    assert pending_of(make_user("later")) == []


def test_user_who_confirms_the_address_later_can_join(scene: Scene) -> None:
    scene.invite("later@example.org")
    assert len(pending_of(make_user(email="Later@example.org"))) == 1


@pytest.mark.parametrize("change", ["shared", "inactive", "bound"])
def test_invitation_to_an_ambiguous_or_inactive_account_is_not_shown(scene: Scene, change: str) -> None:
    invitation = scene.invite()
    actor = Actor(user=scene.guest, bound_download_ids=frozenset({1}) if change == "bound" else None)
    if change == "shared":
        make_user(email="GUEST@example.org")
    if change == "inactive":
        scene.guest.is_active = False
    assert not Invitation.objects.addressed_to(actor).exists()
    with pytest.raises(NotFound):
        accept_invitation(actor=actor, invitation=invitation)


@pytest.mark.parametrize("use", [accept_invitation, decline_invitation])
def test_others_cannot_answer(scene: Scene, use: Callable[..., None]) -> None:
    invitation = scene.invite()
    for user in (make_user(), None):
        with pytest.raises(NotFound):
            use(actor=Actor(user=user), invitation=invitation)
    with pytest.raises(Denied):  # the inviter sees it
        use(actor=Actor(user=scene.owner), invitation=invitation)


def test_only_members_with_the_right_can_invite(scene: Scene) -> None:
    stranger, member = make_user(), make_user()
    if isinstance(scene.target, Organization):
        Membership.objects.create(organization=scene.target, user=member)
    else:
        set_team_member(actor=system(), download=scene.target, user=member, flags={"can_upload"})
    for user in (stranger, member, None):
        with pytest.raises(REFUSALS):
            scene.invite(actor=Actor(user=user))
    assert not Invitation.objects.exists()


def test_invitation_with_more_rights_than_the_inviter_has_is_denied() -> None:
    scene = Scene(Invitation.Kind.TEAM)
    manager = make_user()
    set_team_member(actor=system(), download=scene.target, user=manager, flags={"can_manage_team"})
    with pytest.raises(Denied):
        scene.invite(actor=Actor(user=manager))
    assert scene.invite(actor=Actor(user=manager), rights=["can_manage_team"])


def test_link_to_an_invitation_with_more_rights_than_the_manager_has_is_denied(scene: Scene) -> None:
    """The holder of a link can accept, so a manager could otherwise take the rights that another one has offered."""
    manager = make_user()
    if isinstance(scene.target, Organization):
        scopes = ["members:invite", *find_role(scene.target, "member").scopes]
        role = create_role(actor=system(), organization=scene.target, name="Inviter", scopes=scopes)
        Membership.objects.create(organization=scene.target, user=manager, named_role=role)
        more, own = ["admin"], ["member"]
    else:
        set_team_member(actor=system(), download=scene.target, user=manager, flags={"can_manage_team"})
        more, own = ["can_upload"], ["can_manage_team"]
    with pytest.raises(Denied):
        hand_out_link(actor=Actor(user=manager), invitation=scene.invite(rights=more))
    assert hand_out_link(actor=Actor(user=manager), invitation=scene.invite(rights=own))


def test_link_ends_with_the_rights_of_the_manager_who_made_it(scene: Scene) -> None:
    """Otherwise somebody could keep a link to the invitation of another manager, and return with it."""
    manager = make_user()
    if isinstance(scene.target, Organization):
        Membership.objects.create(organization=scene.target, user=manager, role="admin")
    else:
        flags = {"can_manage_team", "can_upload"}
        set_team_member(actor=system(), download=scene.target, user=manager, flags=flags)
    invitation = scene.invite("absent@example.org")
    token = hand_out_link(actor=Actor(user=manager), invitation=invitation)
    Membership.objects.filter(user=manager).delete()
    TeamMember.objects.filter(user=manager).delete()
    with pytest.raises(Conflict):
        accept_invitation(actor=Actor(user=manager), invitation=find_by_token(token), token=token)
    assert not scene.joined(manager)
    token = hand_out_link(actor=Actor(user=scene.owner), invitation=invitation)
    accept_invitation(actor=Actor(user=scene.guest), invitation=find_by_token(token), token=token)
    assert scene.joined()


@pytest.mark.parametrize("invited", ["", "  ", "a" * 255, "a\x00b", "a\nb@example.org"])
def test_unusable_names_are_refused(scene: Scene, invited: str) -> None:
    with pytest.raises(Invalid):
        scene.invite(invited)


@pytest.mark.parametrize("end", ["inviter left", "inviter inactive", "target gone", "expired", "revoked", "accepted"])
def test_invitation_that_has_ended_cannot_be_accepted(scene: Scene, end: str) -> None:
    invitation = scene.invite()
    accept = {"actor": Actor(user=scene.guest), "invitation": invitation}
    expected: type[Exception] = Conflict
    if end == "inviter left":
        Membership.objects.filter(user=scene.owner).delete()
        Download.objects.filter(owner=scene.owner).update(owner=make_user())
    elif end == "inviter inactive":
        User.objects.filter(pk=scene.owner.pk).update(is_active=False)
    elif end == "target gone":
        expected = NotFound
        if isinstance(scene.target, Organization):
            Organization.objects.all().delete()
        else:
            delete_download(actor=system(), download=scene.target)
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif end == "revoked":
        revoke_invitation(actor=Actor(user=scene.owner), invitation=invitation)
    else:
        accept_invitation(**accept)
    with pytest.raises(expected):
        accept_invitation(**accept)
    assert scene.joined() is (end == "accepted")


def test_member_who_accepts_an_invitation_keeps_their_rights() -> None:
    scene = Scene(Invitation.Kind.TEAM)
    invitation = scene.invite()
    set_team_member(actor=system(), download=scene.target, user=scene.guest, flags={"can_edit"})
    accept_invitation(actor=Actor(user=scene.guest), invitation=invitation)
    member = TeamMember.objects.get(user=scene.guest)
    assert (member.can_edit, member.can_upload) == (True, True)


def test_invitation_to_the_team_of_an_organization_waits_until_the_user_belongs_to_it() -> None:
    scene = Scene(Invitation.Kind.TEAM)
    scene.target.organization = make_organization("Northwind")
    scene.target.save()
    invitation = scene.invite()
    for _ in range(2):
        with pytest.raises(Conflict, match="once you belong to the organization Northwind") as refusal:
            accept_invitation(actor=Actor(user=scene.guest), invitation=invitation)
        assert refusal.value.code is ErrorCode.INVITATION_ORGANIZATION
    assert pending_of(scene.guest) == [invitation]
    member = Membership.objects.create(organization=scene.target.organization, user=scene.guest)
    accept_invitation(actor=Actor(user=scene.guest), invitation=invitation)
    team = TeamMember.objects.filter(download=scene.target)
    assert team.in_force().get().user == scene.guest
    member.delete()
    assert not team.in_force().exists()


def test_members_that_the_inviter_sees_are_not_invited_again(scene: Scene) -> None:
    accept_invitation(actor=Actor(user=scene.guest), invitation=scene.invite())
    with pytest.raises(Conflict) as refusal:
        scene.invite("guest")
    assert refusal.value.code is ErrorCode.MEMBER_EXISTS
    if scene.kind == Invitation.Kind.TEAM:  # a team shows no e-mail addresses, so this is no answer about one
        assert scene.invite("guest@example.org").is_pending
    else:
        with pytest.raises(Conflict):
            scene.invite("guest@example.org")


def test_limit_applies_to_known_and_unknown_names(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.accounts.invitation_limit.NAMES_PER_HOUR", 2)
    monkeypatch.setattr("releasehub.core.counting.time.time", lambda: 1_700_000_000.0)
    for invited in ("guest", "nobody@example.org"):
        scene.invite(invited)
    messages = set()
    for invited in ("guest@example.org", "none@example.org", "none"):
        with pytest.raises(TooMany) as refusal:
            scene.invite(invited)
        messages.add(refusal.value.message)
    assert len(messages) == 1


def test_old_invitations_are_deleted(scene: Scene) -> None:
    scene.invite()
    assert delete_old_invitations() == 0
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=91))
    assert delete_old_invitations() == 1


def test_policy_and_query_set_agree(scene: Scene) -> None:
    rows = [scene.invite(name) for name in ("guest", "guest@example.org", "other@example.org", "nobody")]
    people = [scene.owner, scene.guest, make_user("nobody"), make_user(email="other@example.org"), make_user(), None]
    actors = [Actor(user=user) for user in people]
    actors += [system(), Actor(user=scene.guest, bound_download_ids=frozenset({1}))]
    for actor in actors:
        found = set(Invitation.objects.addressed_to(actor).values_list("pk", flat=True))
        assert found == {row.pk for row in rows if invitation_policy.can_answer(actor, row)}
    table = [
        [invitation_policy.can_view(actor, rows[1]), invitation_policy.can_revoke(actor, rows[1])] for actor in actors
    ]
    assert table[0] == table[6] == [True, True]
    assert table[1] == [True, False]
    assert all(row == [False, False] for number, row in enumerate(table) if number not in {0, 1, 6})


class TestMail:
    """With a mail server, the invitation is sent to the address, whether or not an account has it."""

    @pytest.fixture(autouse=True)
    def server(self, settings: Any) -> None:
        settings.EMAIL_HOST = "mail.example.org"
        settings.PUBLIC_URL = "https://hub.example.org"

    def token(self) -> str:
        (line,) = [line for line in str(mail.outbox[-1].body).splitlines() if line.startswith("https://")]
        return line.rstrip("/").rpartition("/")[2]

    @pytest.mark.parametrize("invited", ["guest@example.org", "absent@example.org", "guest"])
    def test_invitation_is_sent_once(self, scene: Scene, invited: str) -> None:
        scene.invite(invited)
        assert [invitation_mail.send_invitations() for _ in range(2)] == [1, 0]
        (sent,) = mail.outbox
        assert sent.to == ["guest@example.org" if invited == "guest" else invited]

    def test_recipient_gets_few_invitations_in_an_hour(self, scene: Scene) -> None:
        """Otherwise, anybody with an account could flood the mailbox of a stranger with invitations."""
        for number in range(INVITATIONS_PER_ADDRESS + 2):
            scene.invite(("absent@example.org", "Absent@Example.org")[number % 2])
            invitation_mail.send_invitations()
        assert len(mail.outbox) == INVITATIONS_PER_ADDRESS
        last = Invitation.objects.pending().get()
        assert last.mail_due_at is not None
        assert last.mail_due_at > timezone.now()
        scene.invite("other@example.org")
        assert invitation_mail.send_invitations() == 1

    def test_invitation_to_an_unknown_user_name_sends_no_email(self, scene: Scene) -> None:
        scene.invite("nobody")
        assert invitation_mail.send_invitations() == 0
        assert not Invitation.objects.filter(mail_due_at__isnull=False).exists()

    def test_invitation_to_a_role_that_is_gone_does_not_hold_up_others(self) -> None:
        scene = Scene(Invitation.Kind.ORGANIZATION)
        role = create_role(actor=system(), organization=scene.target, name="Helper")
        scene.invite("absent@example.org", rights=[role.public_id])
        scene.invite("guest")
        Role.objects.all().delete()  # as another request does between the check of the role and the new invitation
        assert invitation_mail.send_invitations() == 1
        assert mail.outbox[0].to == ["guest@example.org"]

    def test_link_of_the_email_works_with_any_account(self, scene: Scene) -> None:
        invitation = scene.invite("absent@example.org")
        invitation_mail.send_invitations()
        other = make_user()
        assert find_by_token(self.token()) == invitation
        invitation.refresh_from_db()
        assert self.token() not in invitation.token_digest
        accept_invitation(actor=Actor(user=other), invitation=invitation, token=self.token())
        assert scene.joined(other)

    @pytest.mark.parametrize("token", ["", "x" * 43])
    def test_other_tokens_open_no_invitation(self, scene: Scene, token: str) -> None:
        invitation = scene.invite("absent@example.org")
        with pytest.raises(NotFound):
            find_by_token(token)
        with pytest.raises(NotFound):
            accept_invitation(actor=Actor(user=make_user()), invitation=invitation, token=token)

    def test_a_refused_mail_is_sent_again_later(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(message: Any) -> None:
            raise OSError

        scene.invite()
        with monkeypatch.context() as patch:
            patch.setattr("releasehub.accounts.invitation_mail.EmailMessage.send", refuse)
            assert invitation_mail.send_invitations() == 0
        assert invitation_mail.send_invitations() == 0
        Invitation.objects.update(mail_due_at=timezone.now())
        assert invitation_mail.send_invitations() == 1

    def test_a_title_cannot_add_headers_or_lines(self, scene: Scene) -> None:
        type(scene.target).objects.update(
            **{"name" if isinstance(scene.target, Organization) else "title": "A\nBcc: b"}
        )
        scene.invite()
        invitation_mail.send_invitations()
        assert mail.outbox[0].subject == "Invitation to A Bcc: b"


def test_invitation_is_not_due_without_a_mail_server(scene: Scene) -> None:
    assert scene.invite().mail_due_at is None
