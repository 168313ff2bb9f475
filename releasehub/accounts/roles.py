"""The roles of an organisation as its members see them: Admin and Member, which are no rows, and those it made."""

from __future__ import annotations

from releasehub.accounts.models import Membership, Organization, Role
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.core.errors import NotFound

ADMIN, MEMBER = "admin", "member"
BUILT_IN = {ADMIN: ("Admin", sorted(ALL_SCOPES)), MEMBER: ("Member", list[str]())}


def built_in_role(organization: Organization, role_id: str) -> Role:
    name, scopes = BUILT_IN[role_id]
    return Role(organization=organization, public_id=role_id, name=name, scopes=scopes)


def roles_of(organization: Organization) -> list[Role]:
    """One query."""
    built_in = [built_in_role(organization, role_id) for role_id in BUILT_IN]
    return [*built_in, *Role.objects.filter(organization=organization)]


def find_role(organization: Organization, role_id: str) -> Role:
    """Errors: NotFound."""
    if role_id in BUILT_IN:
        return built_in_role(organization, role_id)
    role = Role.objects.filter(organization=organization, public_id=role_id).first()
    if role is None:
        raise NotFound("This organisation has no such role.")
    return role


def role_of(membership: Membership) -> Role:
    if membership.administers:
        return built_in_role(membership.organization, ADMIN)
    return membership.named_role or built_in_role(membership.organization, MEMBER)
