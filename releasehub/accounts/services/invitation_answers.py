"""Accept and decline invitations."""

from django.db import models, transaction

from releasehub.accounts.invitation_targets import target_of
from releasehub.accounts.models import Invitation, User
from releasehub.accounts.policies import clear_cached_memberships, invitation_policy
from releasehub.accounts.services.invitations import end_invitation, invitation_ended
from releasehub.accounts.tokens import digest
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, DomainError, ErrorCode
from releasehub.core.locks import lock_row


@transaction.atomic
def accept_invitation(*, actor: Actor, invitation: Invitation, token: str = "") -> None:
    """Join what the invitation is for. The inviter must still have the right to invite.

    Args:
        token: The token of the e-mail. Its holder received the e-mail, so the account may have another address.

    Raises:
        NotFound: The invitation is not for the actor, or its target was deleted.
        Conflict: The invitation has ended, the inviter lost the right to it, the actor is a member already, or does not
            belong to the organization of the target yet. In the last case, the invitation stays pending.
    """
    invitation, target = _lock_pending(actor, invitation, token)
    handler = target_of(invitation.kind)
    try:
        handler.ensure_can_invite(_inviter(invitation), target, invitation.rights)
    except DomainError:
        message = "The person who invited you may no longer do so. Ask for a new invitation."
        raise Conflict(ErrorCode.INVITATION_ENDED, message) from None
    _ensure_belongs(actor, invitation)
    end_invitation(invitation, "accepted_at")  # before joining, which may end the other invitations of the target
    changes = handler.join(actor, target, invitation.rights)
    changes |= {"invited": invitation.invited, "invited_by": invitation.invited_by_id}
    audit.record(actor=actor, action=AuditAction.INVITATION_ACCEPT, target=target, changes=changes)
    clear_cached_memberships(actor)


@transaction.atomic
def decline_invitation(*, actor: Actor, invitation: Invitation, token: str = "") -> None:
    """Refuse the invitation. The inviter is not told: it looks pending until it expires.

    Raises:
        NotFound: The invitation is not for the actor, or its target was deleted.
        Conflict: The invitation has ended.
    """
    invitation, target = _lock_pending(actor, invitation, token)
    end_invitation(invitation, "declined_at")
    changes = {"invited": invitation.invited}
    audit.record(actor=actor, action=AuditAction.INVITATION_DECLINE, target=target, changes=changes)


def _lock_pending(actor: Actor, invitation: Invitation, token: str) -> tuple[Invitation, models.Model]:
    """Return the invitation, which the actor may answer, and its target, both locked. The target is locked first."""
    has_token = bool(token) and invitation.token_digest == digest(token) and actor.user is not None
    if not has_token:
        invitation_policy.ensure("answer", actor, invitation)
    target = target_of(invitation.kind).lock(invitation.target_id)
    invitation = lock_row(invitation)
    if not invitation.is_pending:
        raise invitation_ended()
    return invitation, target


def _ensure_belongs(actor: Actor, invitation: Invitation) -> None:
    """Raise Conflict if the rights would not apply, because the actor does not belong to the organization."""
    if missing := invitation_policy.missing_organization(actor, invitation):
        raise Conflict(
            ErrorCode.INVITATION_ORGANIZATION,
            f"You can accept this invitation once you belong to the organization {missing.name}. Ask the person who "
            f"invited you for an invitation to {missing.name}. Until it expires, this invitation stays open.",
        )


def _inviter(invitation: Invitation) -> Actor:
    if invitation.invited_by_id is None:  # a super-user key, whose invitations depend on no user
        return system_actor()
    inviter = User.objects.filter(pk=invitation.invited_by_id, is_active=True).first()
    return Actor(user=inviter)
