"""Use cases of organizations."""

from typing import Any

from django.db import transaction

from releasehub.accounts.models import Membership, Organization, User
from releasehub.accounts.policies import clear_cached_memberships, organization_policy
from releasehub.accounts.reserved_names import is_reserved_owner
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid, Rejected
from releasehub.core.listeners import Listeners
from releasehub.core.locks import lock_row

PLATFORM = "platform"
before_deletion = Listeners[[Actor, Organization]]()


@transaction.atomic
def create_organization(*, actor: Actor, name: str, slug: str, owner: User | None = None) -> Organization:
    """Create an organization. Its owner becomes the first member.

    Raises:
        Invalid: The name or the slug is invalid.
        Conflict: Another organization has this name or slug.
    """
    if not organization_policy.can_create(actor):
        raise Denied
    organization = Organization()
    refuse_reserved(slug)
    assign(organization, {"name": name, "slug": slug})
    _ensure_unique(organization)
    organization.save()
    if owner is not None:
        Membership.objects.create(organization=organization, user=owner, role=Membership.Role.OWNER)
    changes = {"owner": owner.pk} if owner else {}
    audit.record(actor=actor, action=AuditAction.ORGANIZATION_CREATE, target=organization, changes=changes)
    clear_cached_memberships(actor)
    return organization


@transaction.atomic
def update_organization(*, actor: Actor, organization: Organization, **fields: Any) -> Organization:
    """Change the given fields of an organization.

    Raises:
        Invalid: The name or the slug is invalid.
        Conflict: Another organization has this name or slug.
    """
    organization_policy.ensure("edit", actor, organization)
    organization = lock_organization(organization)
    changes = audit.changed_fields(organization, fields)
    if changes:
        if "slug" in changes:
            refuse_reserved(fields["slug"])
        assign(organization, fields)
        _ensure_unique(organization)
        organization.save()
        audit.record(actor=actor, action=AuditAction.ORGANIZATION_UPDATE, target=organization, changes=changes)
    return organization


def choose_storage(*, actor: Actor, organization: Organization, provider: str) -> None:
    """Set the storage for the packages of an organization. The only valid value is the storage of this hub.

    Raises:
        Rejected: The value is another storage.
    """
    organization_policy.ensure("edit", actor, organization)
    if provider != PLATFORM:
        message = f"This hub stores all packages in its own storage. Set the provider to {PLATFORM}."
        raise Rejected(ErrorCode.STORAGE_EXTERNAL, message, field="provider")


@transaction.atomic
def delete_organization(*, actor: Actor, organization: Organization) -> None:
    """Delete an organization with its memberships, roles and store. Its downloads keep their owners."""
    organization_policy.ensure("delete", actor, organization)
    organization = lock_row(organization)
    before_deletion(actor, organization)
    audit.record(actor=actor, action=AuditAction.ORGANIZATION_DELETE, target=organization)
    organization.delete()
    clear_cached_memberships(actor)


def lock_organization(organization: Organization) -> Organization:
    """Return the organization as it is in the database, locked until the transaction ends.

    Every change of members or roles takes this lock first.
    """
    return lock_row(organization)


def refuse_reserved(slug: str) -> None:
    """Refuse a slug with which the URLs of the hub begin. An organization that has it already keeps it."""
    if is_reserved_owner(slug):
        message = f"The slug {slug} is reserved, because URLs of this hub begin with it. Choose another slug."
        raise Invalid(message, field="slug")


def _ensure_unique(organization: Organization) -> None:
    others = Organization.objects.exclude(pk=organization.pk)
    for field in ("name", "slug"):
        if others.filter(**{field: getattr(organization, field)}).exists():
            raise Conflict(
                ErrorCode.ORGANIZATION_TAKEN,
                f"Another organization already has the {field} {getattr(organization, field)}. Choose another {field}.",
                field=field,
            )
