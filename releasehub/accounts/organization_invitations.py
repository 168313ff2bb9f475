"""Invitations to organizations, which give a role."""

from typing import Any

from django.db.models import Q

from releasehub.accounts.invitation_targets import Rights
from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import find_role
from releasehub.accounts.services.members import create_membership, ensure_can_grant
from releasehub.accounts.services.organizations import lock_organization
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode


class OrganizationInvitations:
    """Implements `InvitationTarget`. The only right is the public id of a role."""

    def find(self, target_id: int) -> Organization | None:
        return Organization.objects.filter(pk=target_id).first()

    def lock(self, target_id: int) -> Organization:
        return lock_organization(Organization(pk=target_id))

    def can_invite(self, actor: Actor, target: Organization) -> bool:
        return organization_policy.allows("invite", actor, target)

    def ensure_can_invite(self, actor: Actor, target: Organization, rights: Rights) -> None:
        organization_policy.ensure("invite", actor, target)
        ensure_can_grant(actor, target, find_role(target, rights[0]).scopes)

    def ensure_is_new(self, target: Organization, invited: str) -> None:
        """Inviters see the e-mail addresses of all members, so this tells nothing new."""
        same = Q(user__email__iexact=invited) | Q(user__username=invited)
        if Membership.objects.filter(same, organization=target).exists():
            message = f"{invited} is already a member of the organization. Change the role of this member instead."
            raise Conflict(ErrorCode.MEMBER_EXISTS, message, field="email")

    def required_organization(self, target: Organization) -> Organization | None:
        return None

    def join(self, actor: Actor, target: Organization, rights: Rights) -> dict[str, Any]:
        role = find_role(target, rights[0])
        create_membership(actor=actor, organization=target, user=actor.user, role=role)
        return {"role": role.name}

    def describe(self, target: Organization, rights: Rights) -> tuple[str, str]:
        return target.name, find_role(target, rights[0]).name
