"""Members of an organisation and the role of each. Nobody hands out more than they have."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from releasehub.accounts.models import Membership, Organization, Role, User
from releasehub.accounts.policies import forget_memberships, organization_policy
from releasehub.accounts.roles import ADMIN, MEMBER, role_of
from releasehub.accounts.services.organizations import lock_organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound


@transaction.atomic
def add_member(*, actor: Actor, organization: Organization, user: User, role: Role) -> Membership:
    """Errors: NotFound; Denied, also for a role beyond the actor's own; Conflict when they belong to it already."""
    organization_policy.ensure("invite", actor, organization)
    organization = lock_organization(organization)
    ensure_within(actor, organization, role.scopes)
    member = Membership(organization=organization, user=user)
    _put_into(member, role)
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError:
        raise Conflict(ErrorCode.MEMBER_EXISTS, "This person is a member already.", field="email") from None
    changes = {"user": user.pk, "role": role.name}
    audit.record(actor=actor, action=AuditAction.MEMBER_ADD, target=organization, changes=changes)
    forget_memberships(actor)
    return member


@transaction.atomic
def change_role(*, actor: Actor, member: Membership, role: Role) -> Membership:
    """Errors: NotFound; Denied, also for a role or a member beyond the actor's own; Conflict for the last admin."""
    organization_policy.ensure("manage_roles", actor, member.organization)
    member = _lock(member)
    ensure_within(actor, member.organization, role.scopes)
    if not organization_policy.outranks(actor, member):
        raise Denied("This member may do more than you.")
    before = role_of(member)
    if before.public_id == role.public_id:  # an owner who is given Admin stays owner
        return member
    if member.administers and role.public_id != ADMIN:
        _ensure_other_admin(member)
    _put_into(member, role)
    member.save()
    changes = {"user": member.user_id, "role": [before.name, role.name]}
    audit.record(actor=actor, action=AuditAction.MEMBER_UPDATE, target=member.organization, changes=changes)
    forget_memberships(actor)
    return member


@transaction.atomic
def make_owner(*, actor: Actor, member: Membership) -> Membership:
    """By an owner, or by staff.  Errors: NotFound, Denied."""
    organization_policy.ensure("make_owner", actor, member.organization)
    member = _lock(member)
    if member.role == Membership.Role.OWNER:
        return member
    before = role_of(member)
    member.role, member.named_role = Membership.Role.OWNER, None
    member.save()
    changes = {"user": member.user_id, "role": [before.name, "Owner"]}
    audit.record(actor=actor, action=AuditAction.MEMBER_UPDATE, target=member.organization, changes=changes)
    forget_memberships(actor)
    return member


@transaction.atomic
def remove_member(*, actor: Actor, member: Membership) -> None:
    """Oneself, or somebody else.  Errors: NotFound, Denied; Conflict for the last owner or admin."""
    organization_policy.ensure("remove_member", actor, member.organization, member=member)
    member = _lock(member)
    if not organization_policy.can_remove_member(actor, member.organization, member=member):
        raise Denied
    if member.administers:
        _ensure_other_admin(member)
    member.delete()
    changes = {"user": member.user_id}
    audit.record(actor=actor, action=AuditAction.MEMBER_REMOVE, target=member.organization, changes=changes)
    forget_memberships(actor)


def find_member(organization: Organization, user_id: str) -> Membership:
    """By the public id of the user.  Errors: NotFound."""
    rows = Membership.objects.select_related("user", "named_role", "organization")
    member = rows.filter(organization=organization, user__public_id=user_id).first()
    if member is None:
        raise NotFound("This organisation has no such member.")
    return member


def ensure_within(actor: Actor, organization: Organization, scopes: list[str]) -> None:
    """Errors: Denied."""
    if beyond := sorted(set(scopes) - organization_policy.scopes_in(actor, organization)):
        raise Denied(f"You may not hand out what you do not have: {', '.join(beyond)}.")


def _put_into(member: Membership, role: Role) -> None:
    member.role = Membership.Role.ADMIN if role.public_id == ADMIN else Membership.Role.MEMBER
    member.named_role = None if role.public_id in {ADMIN, MEMBER} else role


def _lock(member: Membership) -> Membership:
    """The row as it is now, with its organisation locked, so that two cannot leave at once."""
    organization = lock_organization(member.organization)
    rows = Membership.objects.select_related("user", "named_role")
    found = rows.filter(pk=member.pk).first()
    if found is None:
        raise NotFound("This organisation has no such member.")
    found.organization = organization
    return found


def _ensure_other_admin(member: Membership) -> None:
    others = Membership.objects.filter(organization=member.organization).exclude(pk=member.pk)
    if not others.exclude(role=Membership.Role.MEMBER).exists():
        raise Conflict(ErrorCode.MEMBER_LAST_ADMIN, "The last owner or admin of an organisation cannot go.")
