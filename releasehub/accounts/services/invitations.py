"""Invite people, take invitations back, and find them.

What the inviter learns does not depend on whether the invited person has an account.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from releasehub.accounts.invitation_limit import count_names
from releasehub.accounts.invitation_mail import SEND_TASK
from releasehub.accounts.invitation_targets import Rights, target_of
from releasehub.accounts.models import Invitation, Organization, User
from releasehub.accounts.policies import invitation_policy, organization_policy
from releasehub.accounts.querysets import InvitationQuerySet
from releasehub.accounts.tokens import digest, new_token
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.core.locks import lock_row
from releasehub.core.querysets import first_or_not_found
from releasehub.core.tasks import hint

LIFETIME = timedelta(days=14)
RETENTION = timedelta(days=90)
MAX_INVITED_CHARACTERS = 254


@transaction.atomic
def invite(*, actor: Actor, kind: Invitation.Kind, target: models.Model, invited: str, rights: Rights) -> Invitation:
    """Invite a person by e-mail address or user name. An earlier invitation of the same person is replaced.

    The statements that run are the same with and without an account.

    Raises:
        Denied: The actor may not invite, or lacks one of the rights.
        Invalid: The name is empty or too long, or a right is unknown.
        Conflict: The actor can see this person among the members already.
        TooMany: The actor named too many people in this hour.
    """
    handler = target_of(kind)
    handler.ensure_can_invite(actor, target, rights)
    invited = _clean(invited)
    count_names(actor, [invited])
    target = handler.lock(target.pk)
    handler.ensure_is_new(target, invited)
    key = invited.lower() if "@" in invited else invited
    now = timezone.now()
    end_invitations(kind=kind, target_id=target.pk, invited_key=key)
    # Only the account that has the user name now may accept: a later one may belong to somebody else.
    named = User.objects.filter(username=invited, is_active=True).first()
    invitation = Invitation.objects.create(
        kind=kind,
        target_id=target.pk,
        rights=list(rights),
        invited=invited,
        invited_key=key,
        user=None if "@" in invited else named,
        invited_by=actor.grantor,
        expires_at=now + LIFETIME,
        mail_due_at=now if settings.EMAIL_HOST else None,
    )
    changes = {"invited": invited, "rights": list(rights)}
    audit.record(actor=actor, action=AuditAction.INVITATION_CREATE, target=target, changes=changes)
    if settings.EMAIL_HOST:
        transaction.on_commit(partial(hint, SEND_TASK))
    return invitation


@transaction.atomic
def revoke_invitation(*, actor: Actor, invitation: Invitation) -> None:
    """Take an invitation back, so that it can no longer be accepted.

    Raises:
        NotFound: The actor may not see the invitation, or its target was deleted.
        Conflict: It was accepted or revoked, or has expired.
    """
    invitation_policy.ensure("revoke", actor, invitation)
    target = target_of(invitation.kind).lock(invitation.target_id)
    invitation = lock_row(invitation)
    _ensure_unanswered(invitation)
    end_invitation(invitation, "revoked_at")
    changes = {"invited": invitation.invited}
    audit.record(actor=actor, action=AuditAction.INVITATION_REVOKE, target=target, changes=changes)


@transaction.atomic
def hand_out_link(*, actor: Actor, invitation: Invitation) -> str:
    """Return the token of a new link to the invitation, for hubs without a mail server. An earlier link ends.

    The holder of the link may accept, so its creator has to pass it on personally, and the invitation depends on the
    rights of the creator from now on. A declined invitation can be accepted again: the answer, and what its link shows,
    must not tell that somebody has declined.

    Raises:
        NotFound: The actor may not see the invitation, or its target was deleted.
        Denied: The actor may not invite to the target, or lacks one of the rights of the invitation.
        Conflict: The invitation has ended.
    """
    invitation_policy.ensure("revoke", actor, invitation)
    handler = target_of(invitation.kind)
    target = handler.lock(invitation.target_id)
    invitation = lock_row(invitation)
    _ensure_unanswered(invitation)
    # The creator of the link may use it, so it must not carry rights that only the inviter can give.
    handler.ensure_can_invite(actor, target, invitation.rights)
    token = new_token()
    invitation.token_digest, invitation.mail_due_at, invitation.declined_at = digest(token), None, None
    invitation.invited_by = actor.grantor
    invitation.save(update_fields=["token_digest", "mail_due_at", "declined_at", "invited_by", "updated_at"])
    changes = {"invited": invitation.invited, "kind": "link"}
    audit.record(actor=actor, action=AuditAction.ONE_TIME_LINK_CREATE, target=target, changes=changes)
    return token


def end_invitations(**of: Any) -> int:
    """Revoke the unanswered invitations that match, without a row in the audit log for each. Return their number.

    The caller records the change that ends them.
    """
    now = timezone.now()
    open_ones = Invitation.objects.filter(accepted_at=None, revoked_at=None, **of)
    return open_ones.update(revoked_at=now, mail_due_at=None, updated_at=now)


def pending_invitations_of_organization(*, actor: Actor, organization: Organization) -> InvitationQuerySet:
    organization_policy.ensure("invite", actor, organization)
    rows = Invitation.objects.unanswered()
    return rows.filter(kind=Invitation.Kind.ORGANIZATION, target_id=organization.pk)


def find_invitation(public_id: str) -> Invitation:
    """Return the invitation. Every use of it checks who may use it."""
    return first_or_not_found(Invitation.objects.filter(public_id=public_id))


def find_by_token(token: str) -> Invitation:
    """Return the pending invitation that an e-mail links to.

    Raises:
        NotFound: The token is wrong, or the invitation has ended.
    """
    return first_or_not_found(Invitation.objects.pending().filter(token_digest=digest(token)))


def delete_old_invitations() -> int:
    """Delete the invitations that expired long ago, with the names and addresses in them. Return their number."""
    return Invitation.objects.filter(expires_at__lt=timezone.now() - RETENTION).delete()[0]


def _ensure_unanswered(invitation: Invitation) -> None:
    """Raise Conflict unless the invitation is one that managers of the target see as pending."""
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= timezone.now():
        raise invitation_ended()


def _clean(invited: str) -> str:
    invited = invited.strip()
    if not invited or len(invited) > MAX_INVITED_CHARACTERS or not invited.isprintable():
        message = f"Enter an e-mail address or a user name of at most {MAX_INVITED_CHARACTERS} characters."
        raise Invalid(message, field="invited")
    return invited


def end_invitation(invitation: Invitation, field: str) -> None:
    now: datetime = timezone.now()
    setattr(invitation, field, now)
    invitation.mail_due_at = None
    invitation.save(update_fields=[field, "mail_due_at", "updated_at"])


def invitation_ended() -> Conflict:
    return Conflict(
        ErrorCode.INVITATION_ENDED, "This invitation was answered or revoked, or has expired. Ask for a new one."
    )
