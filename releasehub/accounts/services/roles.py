"""The roles an organisation makes for itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from releasehub.accounts.models import Membership, Organization, Role
from releasehub.accounts.policies import forget_memberships, organization_policy
from releasehub.accounts.roles import BUILT_IN
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.accounts.services.members import ensure_within
from releasehub.accounts.services.organizations import lock_organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound


@transaction.atomic
def create_role(*, actor: Actor, organization: Organization, name: str, scopes: Iterable[str] = ()) -> Role:
    """Errors: NotFound; Denied, also for scopes the actor does not have; Invalid; Conflict when the name is taken."""
    organization_policy.ensure("manage_roles", actor, organization)
    organization = lock_organization(organization)
    role = Role(organization=organization)
    assign(role, {"name": name, "scopes": _known(scopes)})
    ensure_within(actor, organization, role.scopes)
    _check_name(role)
    role.save()
    changes = {"role": role.name, "scopes": role.scopes}
    audit.record(actor=actor, action=AuditAction.ROLE_CREATE, target=organization, changes=changes)
    return role


@transaction.atomic
def update_role(*, actor: Actor, role: Role, **fields: Any) -> Role:
    """`name` and `scopes`, as far as given; in force with the next request of every member who has the role.

    Errors: NotFound, Denied, Invalid; Conflict for a built-in role or a name that is taken.
    """
    organization_policy.ensure("manage_roles", actor, role.organization)
    role = _lock(role)
    ensure_within(actor, role.organization, role.scopes)
    if "scopes" in fields:
        fields["scopes"] = _known(fields["scopes"])
        ensure_within(actor, role.organization, fields["scopes"])
    changes = audit.changed_fields(role, fields)
    if changes:
        assign(role, fields)
        _check_name(role)
        role.save()
        details = {"role": role.name, **changes}
        audit.record(actor=actor, action=AuditAction.ROLE_UPDATE, target=role.organization, changes=details)
        forget_memberships(actor)
    return role


@transaction.atomic
def delete_role(*, actor: Actor, role: Role) -> None:
    """Errors: NotFound, Denied; Conflict for a built-in role, or while members have it."""
    organization_policy.ensure("manage_roles", actor, role.organization)
    role = _lock(role)
    ensure_within(actor, role.organization, role.scopes)
    if Membership.objects.filter(named_role=role).exists():
        raise Conflict(ErrorCode.ROLE_IN_USE, "Give the members who have this role another one first.")
    changes = {"role": role.name}
    audit.record(actor=actor, action=AuditAction.ROLE_DELETE, target=role.organization, changes=changes)
    role.delete()


def _lock(role: Role) -> Role:
    if role.is_built_in:
        raise Conflict(ErrorCode.ROLE_BUILT_IN, f"The role {role.name} cannot be changed or deleted.")
    organization = lock_organization(role.organization)
    found = Role.objects.filter(pk=role.pk).first()
    if found is None:
        raise NotFound("This organisation has no such role.")
    found.organization = organization
    return found


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in ALL_SCOPES]:
        raise Invalid(ErrorCode.KEY_SCOPE_UNKNOWN, f"Unknown scope: {', '.join(unknown)}.", field="scopes")
    return wanted


def _check_name(role: Role) -> None:
    built_in = {name.casefold() for name, _ in BUILT_IN.values()}
    others = Role.objects.filter(organization=role.organization, name__iexact=role.name).exclude(pk=role.pk)
    if role.name.strip().casefold() in built_in or others.exists():
        raise Conflict(ErrorCode.ROLE_NAME_TAKEN, f"There is a role named {role.name} already.", field="name")
