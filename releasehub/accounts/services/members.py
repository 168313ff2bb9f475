"""Use cases of the members of an organization. An actor can only grant scopes that the actor has."""

from django.db import IntegrityError, transaction

from releasehub.accounts.models import Membership, Organization, Role, User
from releasehub.accounts.policies import clear_cached_memberships, organization_policy
from releasehub.accounts.roles import ADMIN, MEMBER, role_of
from releasehub.accounts.services.locking import hold_account
from releasehub.accounts.services.organizations import lock_organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode
from releasehub.core.querysets import first_or_not_found

NO_SUCH_MEMBER = "This organization does not have that member. List its members to find the right id."


@transaction.atomic
def add_member(*, actor: Actor, organization: Organization, user: User, role: Role) -> Membership:
    """Add a user to an organization.

    Raises:
        Denied: The actor may not add members, or the role has scopes that the actor lacks.
        Conflict: The user is already a member.
    """
    organization_policy.ensure("invite", actor, organization)
    organization = lock_organization(organization)
    ensure_can_grant(actor, organization, role.scopes)
    return create_membership(actor=actor, organization=organization, user=user, role=role)


def create_membership(*, actor: Actor, organization: Organization, user: User | None, role: Role) -> Membership:
    """Add a user to an organization that the caller has locked, after it has checked who allowed it.

    Raises:
        Conflict: The user is already a member, or the account was anonymized.
    """
    if user is not None:
        hold_account(user)
    member = Membership(organization=organization, user=user)
    _assign_role(member, role)
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError:
        raise Conflict(
            ErrorCode.MEMBER_EXISTS, f"This user is already a member of {organization.name}.", field="email"
        ) from None
    changes = {"user": member.user_id, "role": role.name}
    audit.record(actor=actor, action=AuditAction.MEMBER_ADD, target=organization, changes=changes)
    clear_cached_memberships(actor)
    return member


@transaction.atomic
def change_role(*, actor: Actor, member: Membership, role: Role) -> Membership:
    """Give a member another role.

    Raises:
        NotFound: The membership does not exist, or the actor may not see it.
        Denied: The actor may not manage roles, or the role or the member has scopes that the actor lacks.
        Conflict: The member is the last owner or admin.
    """
    organization_policy.ensure("manage_roles", actor, member.organization)
    member = _lock(member)
    ensure_can_grant(actor, member.organization, role.scopes)
    if not organization_policy.outranks(actor, member):
        raise Denied(
            "This member has permissions that you do not have, so you cannot change the "
            "membership. Ask another administrator."
        )
    previous = role_of(member)
    if previous.public_id == role.public_id:  # an owner already has the role Admin and stays an owner
        return member
    if member.administers and role.public_id != ADMIN:
        _ensure_other_admin(member)
    _assign_role(member, role)
    return _save(actor, member, previous.name, role.name)


@transaction.atomic
def make_owner(*, actor: Actor, member: Membership) -> Membership:
    """Make a member an owner of the organization.

    Raises:
        NotFound: The membership does not exist, or the actor may not see it.
        Denied: The actor is neither an owner nor staff.
    """
    organization_policy.ensure("make_owner", actor, member.organization)
    member = _lock(member)
    if member.role == Membership.Role.OWNER:
        return member
    previous = role_of(member)
    member.role, member.named_role = Membership.Role.OWNER, None
    return _save(actor, member, previous.name, "Owner")


def _save(actor: Actor, member: Membership, old_role: str, new_role: str) -> Membership:
    member.save()
    changes = {"user": member.user_id, "role": [old_role, new_role]}
    audit.record(actor=actor, action=AuditAction.MEMBER_UPDATE, target=member.organization, changes=changes)
    clear_cached_memberships(actor)
    return member


@transaction.atomic
def remove_member(*, actor: Actor, member: Membership) -> None:
    """Remove a member from an organization. Every member may leave it.

    Raises:
        NotFound: The membership does not exist, or the actor may not see it.
        Conflict: The member is the last owner or admin.
    """
    organization_policy.ensure("remove_member", actor, member.organization, member=member)
    member = _lock(member)
    # The role of the member may have changed before the lock was taken.
    if not organization_policy.can_remove_member(actor, member.organization, member=member):
        raise Denied
    _end(actor, member)


def end_membership(*, actor: Actor, member: Membership) -> None:
    """Remove a member whose account is closed. The caller has checked who may close it."""
    _end(actor, _lock(member))


def _end(actor: Actor, member: Membership) -> None:
    """Delete the locked membership, unless it is that of the last owner or admin."""
    if member.administers:
        _ensure_other_admin(member)
    member.delete()
    changes = {"user": member.user_id}
    audit.record(actor=actor, action=AuditAction.MEMBER_REMOVE, target=member.organization, changes=changes)
    clear_cached_memberships(actor)


def find_member(organization: Organization, user_id: str) -> Membership:
    rows = Membership.objects.select_related("user", "named_role", "organization")
    return first_or_not_found(rows.filter(organization=organization, user__public_id=user_id), NO_SUCH_MEMBER)


def ensure_can_grant(actor: Actor, organization: Organization, scopes: list[str]) -> None:
    if missing := sorted(set(scopes) - organization_policy.scopes_in(actor, organization)):
        raise Denied(
            f"You cannot grant scopes that you do not have: {', '.join(missing)}. Choose other "
            "scopes, or ask an administrator."
        )


def _assign_role(member: Membership, role: Role) -> None:
    member.role = Membership.Role.ADMIN if role.public_id == ADMIN else Membership.Role.MEMBER
    member.named_role = None if role.public_id in {ADMIN, MEMBER} else role


def _lock(member: Membership) -> Membership:
    """Return the membership as it is in the database, with its organization locked.

    Without the lock, the last two admins could both leave at the same time.
    """
    organization = lock_organization(member.organization)
    rows = Membership.objects.select_related("user", "named_role")
    current = first_or_not_found(rows.filter(pk=member.pk), NO_SUCH_MEMBER)
    current.organization = organization
    return current


def _ensure_other_admin(member: Membership) -> None:
    others = Membership.objects.filter(organization=member.organization).exclude(pk=member.pk)
    if not others.exclude(role=Membership.Role.MEMBER).exists():
        raise Conflict(
            ErrorCode.MEMBER_LAST_ADMIN,
            f"This member is the last owner or admin of {member.organization.name}. Make another member an "
            "admin first.",
        )
