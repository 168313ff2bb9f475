from __future__ import annotations

from typing import Any

from django.db import transaction

from releasehub.accounts.models import Membership, Organization, User
from releasehub.accounts.policies import forget_memberships, organization_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound, Rejected

PLATFORM = "platform"


@transaction.atomic
def create_organization(*, actor: Actor, name: str, slug: str, owner: User | None = None) -> Organization:
    """`owner` becomes its first member.  Errors: Denied, Invalid; Conflict when name or slug is taken."""
    if not organization_policy.can_create(actor):
        raise Denied
    organization = Organization()
    assign(organization, {"name": name, "slug": slug})
    _check_free(organization)
    organization.save()
    if owner is not None:
        Membership.objects.create(organization=organization, user=owner, role=Membership.Role.OWNER)
    changes = {"owner": owner.pk} if owner else {}
    audit.record(actor=actor, action=AuditAction.ORGANIZATION_CREATE, target=organization, changes=changes)
    forget_memberships(actor)
    return organization


@transaction.atomic
def update_organization(*, actor: Actor, organization: Organization, **fields: Any) -> Organization:
    """Only the fields given change.  Errors: NotFound, Denied, Invalid; Conflict when name or slug is taken."""
    organization_policy.ensure("edit", actor, organization)
    organization = lock_organization(organization)
    changes = audit.changed_fields(organization, fields)
    if changes:
        assign(organization, fields)
        _check_free(organization)
        organization.save()
        audit.record(actor=actor, action=AuditAction.ORGANIZATION_UPDATE, target=organization, changes=changes)
    return organization


def choose_storage(*, actor: Actor, organization: Organization, provider: str) -> None:
    """Where the organisation keeps its packages. This hub keeps all of them in its own storage.

    Errors: NotFound, Denied; Rejected for any other storage.
    """
    organization_policy.ensure("edit", actor, organization)
    if provider != PLATFORM:
        message = "This hub keeps packages in its own storage; its operator decides which that is."
        raise Rejected(ErrorCode.STORAGE_EXTERNAL, message, field="provider")


@transaction.atomic
def delete_organization(*, actor: Actor, organization: Organization) -> None:
    """With its members, roles and store; what was in the store stays with its owners.  Errors: NotFound, Denied."""
    organization_policy.ensure("delete", actor, organization)
    audit.record(actor=actor, action=AuditAction.ORGANIZATION_DELETE, target=organization)
    organization.delete()
    forget_memberships(actor)


def lock_organization(organization: Organization) -> Organization:
    """The row as it is now, locked until the transaction ends; whatever changes members or roles takes it first."""
    try:
        locked: Organization = Organization.objects.select_for_update().get(pk=organization.pk)
    except Organization.DoesNotExist:
        raise NotFound from None
    return locked


def _check_free(organization: Organization) -> None:
    others = Organization.objects.exclude(pk=organization.pk)
    for field in ("name", "slug"):
        if others.filter(**{field: getattr(organization, field)}).exists():
            raise Conflict(ErrorCode.ORGANIZATION_TAKEN, f"Another organisation has this {field}.", field=field)
