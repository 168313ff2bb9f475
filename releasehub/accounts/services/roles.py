"""Use cases of the custom roles of an organization."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from releasehub.accounts.models import Invitation, Membership, Organization, Role
from releasehub.accounts.policies import clear_cached_memberships, organization_policy
from releasehub.accounts.roles import BUILT_IN, NO_SUCH_ROLE
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.accounts.services.invitations import end_invitations
from releasehub.accounts.services.members import ensure_can_grant
from releasehub.accounts.services.organizations import lock_organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign, clean_scopes
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.foreign import check_foreign
from releasehub.core.querysets import first_or_not_found


@transaction.atomic
def create_role(
    *,
    actor: Actor,
    organization: Organization,
    name: str,
    scopes: Iterable[str] = (),
    foreign_scopes: Sequence[str] = (),
) -> Role:
    """Create a custom role. `foreign_scopes` are names that the hub does not know: they are stored and allow nothing.

    Raises:
        Denied: The actor may not manage roles, or lacks one of the scopes.
        Invalid: The name is invalid, or there is no such scope.
        Conflict: Another role has this name.
    """
    organization_policy.ensure("manage_roles", actor, organization)
    organization = lock_organization(organization)
    check_foreign(foreign_scopes, field="scopes")
    role = Role(organization=organization, foreign_scopes=list(foreign_scopes))
    assign(role, {"name": name, "scopes": clean_scopes(scopes, ALL_SCOPES)})
    ensure_can_grant(actor, organization, role.scopes)
    _ensure_name_is_free(role)
    role.save()
    changes = {"role": role.name, "scopes": role.scopes}
    audit.record(actor=actor, action=AuditAction.ROLE_CREATE, target=organization, changes=changes)
    return role


@transaction.atomic
def update_role(*, actor: Actor, role: Role, **fields: Any) -> Role:
    """Change the name or the scopes of a custom role. The change takes effect with the members' next requests.

    Raises:
        NotFound: The role does not exist, or the actor may not see it.
        Denied: The actor may not manage roles, or lacks one of the scopes.
        Invalid: The name is invalid, or there is no such scope.
        Conflict: The role is built in, or another role has this name.
    """
    organization_policy.ensure("manage_roles", actor, role.organization)
    role = _lock(role)
    ensure_can_grant(actor, role.organization, role.scopes)
    if "scopes" in fields:
        fields["scopes"] = clean_scopes(fields["scopes"], ALL_SCOPES)
        ensure_can_grant(actor, role.organization, fields["scopes"])
    check_foreign(fields.get("foreign_scopes", []), field="scopes")
    changes = audit.changed_fields(role, fields)
    if changes:
        assign(role, fields)
        _ensure_name_is_free(role)
        role.save()
        details = {"role": role.name, **changes}
        audit.record(actor=actor, action=AuditAction.ROLE_UPDATE, target=role.organization, changes=details)
        clear_cached_memberships(actor)
    return role


@transaction.atomic
def delete_role(*, actor: Actor, role: Role) -> None:
    """Delete a custom role, and end the invitations that would give it.

    Raises:
        NotFound: The role does not exist, or the actor may not see it.
        Denied: The actor may not manage roles, or lacks one of the scopes.
        Conflict: The role is built in, or members have it.
    """
    organization_policy.ensure("manage_roles", actor, role.organization)
    role = _lock(role)
    ensure_can_grant(actor, role.organization, role.scopes)
    if Membership.objects.filter(named_role=role).exists():
        raise Conflict(
            ErrorCode.ROLE_IN_USE,
            f"The role {role.name} is assigned to members. Assign them another role before you delete it.",
        )
    kind, target_id = Invitation.Kind.ORGANIZATION, role.organization_id
    ended = end_invitations(kind=kind, target_id=target_id, rights=[role.public_id])
    changes = {"role": role.name, "ended_invitations": ended}
    audit.record(actor=actor, action=AuditAction.ROLE_DELETE, target=role.organization, changes=changes)
    role.delete()


def _lock(role: Role) -> Role:
    """Return the role as it is in the database, with its organization locked."""
    if role.is_built_in:
        raise Conflict(ErrorCode.ROLE_BUILT_IN, f"{role.name} is a built-in role, which cannot be changed or deleted.")
    organization = lock_organization(role.organization)
    current = first_or_not_found(Role.objects.filter(pk=role.pk), NO_SUCH_ROLE)
    current.organization = organization
    return current


def _ensure_name_is_free(role: Role) -> None:
    built_in = {name.casefold() for name, _ in BUILT_IN.values()}
    others = Role.objects.filter(organization=role.organization, name__iexact=role.name).exclude(pk=role.pk)
    if role.name.strip().casefold() in built_in or others.exists():
        raise Conflict(
            ErrorCode.ROLE_NAME_TAKEN, f"A role named {role.name} already exists. Choose another name.", field="name"
        )
