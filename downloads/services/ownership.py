"""Give a download to another owner: at once to a team member, to others by an invitation that they accept.

The quota of the next owner and the rules of the category are checked in the transaction of the change. The old owner
leaves the download. Rights are checked when they are used, so the old owner's webhook endpoints and pending invitations
for this download stop working.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from downloads.held_limits import held_limits
from downloads.models import Download, Share, TeamMember
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services.invitations import DownloadInvitations
from downloads.services.locking import lock_download
from downloads.services.sharing import pass_on_grants
from releasehub.accounts.invitation_targets import Rights
from releasehub.accounts.models import Invitation, User
from releasehub.accounts.people import find_active_user
from releasehub.accounts.services import end_invitations, invite
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid, Rejected
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


@transaction.atomic
def transfer_download(*, actor: Actor, download: Download, to: str) -> Invitation | None:
    """Give the download to the person with this user name or e-mail address.

    A team member becomes the owner at once. So does every user if a moderator who may see accounts decides. Anybody
    else gets an invitation, so that the answer does not tell who has an account.

    Returns:
        The invitation, or None if the download has its new owner.

    Raises:
        Denied: The actor is neither the owner nor a moderator.
        Invalid: The name is invalid, or the actor may see accounts and there is none with it.
        Conflict: The person is the owner already.
        Rejected: The files exceed the quota of the next owner, or this user may not own downloads in the category.
    """
    download = download_policy.ensure_locked("transfer", actor, download, lambda row: lock_download(row.pk))
    heir = _heir(actor, download, to.strip())
    if heir is None:
        return invite(actor=actor, kind=Invitation.Kind.OWNERSHIP, target=download, invited=to, rights=[])
    if heir.pk == download.owner_id:
        raise Conflict(ErrorCode.TEAM_OWNER, f"{to} owns this download already.", field="to")
    hand_over(actor=actor, download=download, heir=heir)
    return None


def hand_over(*, actor: Actor, download: Download, heir: User) -> None:
    """Make the user the owner. The caller has checked who may decide that, and holds the lock on the download.

    Raises:
        Rejected: The user may not own the download, or its files do not fit into the quota of the user.
    """
    _check_may_own(actor, download, heir)
    held_limits().check_new_owner(download, heir)
    giver = download.owner
    changes = {"owner": [giver.pk, heir.pk]}
    pass_on_grants(download, giver=giver, heir=heir)
    Share.objects.filter(download=download, user__in=[giver, heir]).delete()  # the heir needs none any more
    TeamMember.objects.filter(download=download, user__in=[giver, heir]).delete()
    end_invitations(kind=Invitation.Kind.OWNERSHIP, target_id=download.pk)
    download.owner = heir
    download.save(update_fields=["owner", "updated_at"])
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_TRANSFER, target=download, changes=changes)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)


class OwnershipInvitations(DownloadInvitations):
    """Implements `InvitationTarget`. The user who accepts becomes the owner; the invitation carries no other rights."""

    def can_invite(self, actor: Actor, target: Download) -> bool:
        return download_policy.allows("transfer", actor, target)

    def ensure_can_invite(self, actor: Actor, target: Download, rights: Rights) -> None:
        download_policy.ensure("transfer", actor, target)

    def ensure_is_new(self, target: Download, invited: str) -> None:
        """Raise Conflict: everybody who may transfer a download sees the name of its owner."""
        if Download.objects.filter(pk=target.pk, owner__username=invited).exists():
            raise Conflict(ErrorCode.TEAM_OWNER, f"{invited} owns this download already.", field="to")

    def join(self, actor: Actor, target: Download, rights: Rights) -> dict[str, Any]:
        if actor.user is None or actor.user_id == target.owner_id:
            raise Conflict(ErrorCode.TEAM_OWNER, "You own this download already.")
        changes = {"owner": [target.owner_id, actor.user_id]}
        hand_over(actor=actor, download=target, heir=actor.user)
        return changes

    def describe(self, target: Download, rights: Rights) -> tuple[str, str]:
        return target.title, gettext("ownership of the download")


def _heir(actor: Actor, download: Download, to: str) -> User | None:
    """Return the user who becomes the owner at once, or None if an invitation has to be accepted first."""
    team = TeamMember.objects.in_force().filter(download=download)
    on_team = User.objects.filter(pk__in=team.values("user"), username=to, is_active=True).first()
    if on_team is not None or not (download_policy.is_moderator(actor) and user_policy.can_list(actor)):
        return on_team
    named = find_active_user(to)
    if named is None:
        message = f"No active account has the user name or e-mail address {to}. Check the spelling, or create one."
        raise Invalid(message, field="to")
    return named


def _check_may_own(actor: Actor, download: Download, heir: User) -> None:
    """Raise Rejected if the user could not have created the download. Moderators may choose any active user."""
    if not heir.is_active:
        message = "The account of the new owner is not active. Choose another user."
        raise Rejected(ErrorCode.INVALID, message, field="to")
    if download_policy.is_moderator(actor):
        return
    if not download_policy.can_create(Actor(user=heir), rules_of(download.category)):
        message = (
            f"The category {download.category.title} accepts no downloads from the new owner. Move the download to "
            "another category first, or ask a moderator to transfer it."
        )
        raise Rejected(ErrorCode.CATEGORY_CLOSED, message, field="to")
