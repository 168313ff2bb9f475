"""Memberships of a user in organizations, and how they pass to another user."""

from django.db.models import QuerySet

from releasehub.accounts.models import Membership, User
from releasehub.accounts.personal_data import Possession
from releasehub.accounts.services.organizations import lock_organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor

RANKS = {role: rank for rank, role in enumerate((Membership.Role.MEMBER, Membership.Role.ADMIN, Membership.Role.OWNER))}


def owned_organizations(user: User) -> QuerySet[Membership]:
    return _memberships(user).filter(role=Membership.Role.OWNER)


def other_memberships(user: User) -> QuerySet[Membership]:
    return _memberships(user).exclude(role=Membership.Role.OWNER)


def pass_on_ownership(*, actor: Actor, giver: User, heir: User) -> int:
    return sum(_pass_on(actor, member, heir) for member in owned_organizations(giver))


def pass_on_memberships(*, actor: Actor, giver: User, heir: User) -> int:
    return sum(_pass_on(actor, member, heir) for member in other_memberships(giver))


def _memberships(user: User) -> QuerySet[Membership]:
    rows = Membership.objects.filter(user=user).select_related("organization", "named_role")
    return rows.order_by("organization_id")


def _pass_on(actor: Actor, member: Membership, heir: User) -> int:
    """Give the heir the membership, or the higher of the two roles if the heir is a member already."""
    lock_organization(member.organization)
    giver_id, own = member.user_id, Membership.objects.filter(organization=member.organization, user=heir).first()
    if own is None:
        member.user = heir
        member.save(update_fields=["user", "updated_at"])
    else:
        member.delete()
        if _is_higher(member, own):
            own.role, own.named_role = member.role, member.named_role
            own.save(update_fields=["role", "named_role", "updated_at"])
    changes = {"user": [giver_id, heir.pk], "role": member.role}
    audit.record(actor=actor, action=AuditAction.MEMBER_UPDATE, target=member.organization, changes=changes)
    return 1


def _is_higher(member: Membership, own: Membership) -> bool:
    """Return whether the first membership has a higher role: the ownership, or all scopes of the second and more."""
    if member.role != own.role:
        return RANKS[Membership.Role(member.role)] > RANKS[Membership.Role(own.role)]
    return member.scopes > own.scopes


POSSESSIONS = (
    Possession(
        name="organizations",
        label="organizations that the user owns",
        count=lambda user: owned_organizations(user).count(),
        pass_on=pass_on_ownership,
        is_transferable=True,
    ),
    Possession(
        name="memberships",
        label="memberships in organizations",
        count=lambda user: other_memberships(user).count(),
        pass_on=pass_on_memberships,
    ),
)
