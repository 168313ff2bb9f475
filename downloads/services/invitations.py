"""Invitations to the team of a download, which give team flags."""

from typing import Any

from django.db.models import Case, CharField, OuterRef, Subquery, When

from downloads.models import Download, TeamMember
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from downloads.services.people import check_flags, save_team_member, team_flags_of
from releasehub.accounts.invitation_targets import Rights
from releasehub.accounts.models import Invitation, Organization
from releasehub.accounts.querysets import InvitationQuerySet
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, NotFound


def pending_invitations_of_download(*, actor: Actor, download: Download) -> InvitationQuerySet:
    """Return the pending invitations to the team, and to own the download if the actor may transfer it."""
    download_policy.ensure("manage_team", actor, download)
    kinds = [Invitation.Kind.TEAM]
    if download_policy.can_transfer(actor, download):
        kinds.append(Invitation.Kind.OWNERSHIP)
    return Invitation.objects.unanswered().filter(kind__in=kinds, target_id=download.pk)


def with_required_organization(rows: InvitationQuerySet) -> InvitationQuerySet:
    """Add the column `required_organization`: the name of `TeamInvitations.required_organization`, or None."""
    names = Download.objects.filter(pk=OuterRef("target_id")).values("organization__name")
    name = Case(When(kind=Invitation.Kind.TEAM, then=Subquery(names)), default=None, output_field=CharField())
    return rows.annotate(required_organization=name)


class DownloadInvitations:
    """The part of `InvitationTarget` that all invitations about a download share."""

    def find(self, target_id: int) -> Download | None:
        rows = Download.objects.select_related("category", "organization")
        return rows.filter(pk=target_id).first()

    def lock(self, target_id: int) -> Download:
        download = lock_download(target_id)
        if download.is_deleted:
            raise NotFound
        return download

    def required_organization(self, target: Download) -> Organization | None:
        return None


class TeamInvitations(DownloadInvitations):
    """Implements `InvitationTarget`. The rights are names of `TeamMember.FLAGS`."""

    def can_invite(self, actor: Actor, target: Download) -> bool:
        return download_policy.allows("manage_team", actor, target)

    def ensure_can_invite(self, actor: Actor, target: Download, rights: Rights) -> None:
        download_policy.ensure("manage_team", actor, target)
        check_flags(actor, target, set(rights))

    def ensure_is_new(self, target: Download, invited: str) -> None:
        """Managers see the user names on a team, but no e-mail addresses, so an address gets no answer."""
        is_owner = Download.objects.filter(pk=target.pk, owner__username=invited)
        team = TeamMember.objects.filter(download=target, user__username=invited)
        if is_owner.exists() or team.exists():
            message = f"{invited} is already on the team of this download."
            raise Conflict(ErrorCode.MEMBER_EXISTS, message, field="invited")

    def required_organization(self, target: Download) -> Organization | None:
        """Return the organization of the download, because only its people have rights from a team."""
        return target.organization

    def join(self, actor: Actor, target: Download, rights: Rights) -> dict[str, Any]:
        """Add the flags to those that the user has. An owner has all rights already."""
        user = actor.user
        if user is not None and user.pk != target.owner_id:
            save_team_member(actor=actor, download=target, user=user, flags=team_flags_of(target, user) | set(rights))
        return {"flags": sorted(rights)}

    def describe(self, target: Download, rights: Rights) -> tuple[str, str]:
        return target.title, TeamMember.labels_of(rights)
