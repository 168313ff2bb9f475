"""The roles of an organization: its custom roles and the built-in roles Admin and Member, which are not stored."""

from django.utils.translation import gettext_lazy

from releasehub.accounts.models import Membership, Organization, Role
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.core.querysets import first_or_not_found

NO_SUCH_ROLE = "This organization does not have that role. List its roles to find the right id."
ADMIN, MEMBER = "admin", "member"
BUILT_IN = {ADMIN: (gettext_lazy("Admin"), sorted(ALL_SCOPES)), MEMBER: (gettext_lazy("Member"), list[str]())}


def built_in_role(organization: Organization, role_id: str) -> Role:
    """Return the built-in role as an unsaved model instance."""
    name, scopes = BUILT_IN[role_id]
    return Role(organization=organization, public_id=role_id, name=str(name), scopes=scopes)


def roles_of(organization: Organization) -> list[Role]:
    """Return the built-in roles and the custom roles of the organization, with one query."""
    built_in = [built_in_role(organization, role_id) for role_id in BUILT_IN]
    return [*built_in, *Role.objects.filter(organization=organization)]


def find_role(organization: Organization, role_id: str) -> Role:
    if role_id in BUILT_IN:
        return built_in_role(organization, role_id)
    return first_or_not_found(Role.objects.filter(organization=organization, public_id=role_id), NO_SUCH_ROLE)


def role_of(membership: Membership) -> Role:
    """Return the role of a member. Owners have the role Admin."""
    if membership.administers:
        return built_in_role(membership.organization, ADMIN)
    return membership.named_role or built_in_role(membership.organization, MEMBER)
