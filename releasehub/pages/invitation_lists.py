"""Lists of invitations, with their targets and rights in words."""

from typing import Any

from releasehub.accounts.invitation_targets import description_of
from releasehub.accounts.models import Invitation, Organization
from releasehub.accounts.policies import invitation_policy, organization_policy
from releasehub.core.actor import Actor

MAX_ROWS = 500


def invitations_of(actor: Actor) -> list[dict[str, Any]]:
    """Return the invitations that the user can accept, for the account page."""
    rows = Invitation.objects.pending().addressed_to(actor).select_related("invited_by")[:MAX_ROWS]
    return described(rows, reader=actor)


def described(invitations: Any, *, reader: Actor | None = None, manager: Actor | None = None) -> list[dict[str, Any]]:
    """Return the invitations with the title of their targets and the rights in words, if these still exist.

    For the reader who answers them, `missing` is the organization that the reader has to join first, if any. For the
    manager of their target, `may_link` says whether the manager may have a link to them.
    """
    found = []
    for invitation in invitations:
        if (description := description_of(invitation)) is None:
            continue
        title, rights = description
        missing = reader and invitation_policy.missing_organization(reader, invitation)
        may_link = manager and invitation_policy.can_hand_out(manager, invitation)
        row = {"row": invitation, "title": title, "rights": rights, "missing": missing, "may_link": may_link}
        found.append(row)
    return found


def organizations_of(actor: Actor) -> list[Organization]:
    """Return the organizations of the user to which the user may invite."""
    mine = Organization.objects.filter(memberships__user=actor.user_id)
    return [row for row in mine[:MAX_ROWS] if organization_policy.can_invite(actor, row)]
