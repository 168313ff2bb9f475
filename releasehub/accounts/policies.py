"""The permissions on organizations, their members and roles, and on invitations."""

from releasehub.accounts.invitation_targets import target_of
from releasehub.accounts.models import Invitation, Membership, Organization
from releasehub.accounts.querysets import SEE_ALL
from releasehub.accounts.scopes import ALL_SCOPES, OrganizationScope
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.core.policy import Policy

_FACT = "memberships"


class OrganizationPolicy(Policy[Organization]):
    """Members may see their organizations, and their scopes decide what else they may do.

    Staff need a permission on organizations. An API key that is bound to downloads has no access to organizations.
    """

    def can_view(self, actor: Actor, target: Organization) -> bool:
        if actor.bound_download_ids is not None:
            return False
        return actor.has_permission(SEE_ALL) or target.pk in memberships_of(actor)

    def standing(self, actor: Actor, target: Organization) -> frozenset[str]:
        return self.scopes_in(actor, target)

    def can_create(self, actor: Actor) -> bool:
        return actor.bound_download_ids is None and actor.has_permission("accounts.add_organization")

    def can_edit(self, actor: Actor, target: Organization) -> bool:
        return self.has_scope(actor, target, OrganizationScope.ORG_SETTINGS)

    def can_delete(self, actor: Actor, target: Organization) -> bool:
        return actor.has_permission("accounts.delete_organization")

    def can_invite(self, actor: Actor, target: Organization) -> bool:
        return self.has_scope(actor, target, OrganizationScope.MEMBERS_INVITE)

    def can_remove_member(self, actor: Actor, target: Organization, *, member: Membership) -> bool:
        """Return whether the actor may remove the member. Everybody may remove themselves."""
        if actor.user_id is not None and member.user_id == actor.user_id:
            return True
        return self.has_scope(actor, target, OrganizationScope.MEMBERS_REMOVE) and self.outranks(actor, member)

    def can_manage_roles(self, actor: Actor, target: Organization) -> bool:
        return self.has_scope(actor, target, OrganizationScope.MEMBERS_MANAGE_ROLES)

    def can_make_owner(self, actor: Actor, target: Organization) -> bool:
        mine = memberships_of(actor).get(target.pk)
        is_owner = mine is not None and mine.role == Membership.Role.OWNER
        return actor.has_permission("accounts.change_organization") or is_owner

    def can_share_store(self, actor: Actor, target: Organization) -> bool:
        return self.has_scope(actor, target, OrganizationScope.ENTITIES_SHARE_STORE)

    def has_scope(self, actor: Actor, target: Organization, scope: OrganizationScope) -> bool:
        return scope.value in self.scopes_in(actor, target)

    def scopes_in(self, actor: Actor, target: Organization) -> frozenset[str]:
        if actor.bound_download_ids is not None:
            return frozenset()
        if actor.has_permission("accounts.change_organization"):
            return ALL_SCOPES
        mine = memberships_of(actor).get(target.pk)
        return mine.scopes if mine else frozenset()

    def outranks(self, actor: Actor, member: Membership) -> bool:
        """Return whether the actor has all scopes of the member. Only owners outrank owners."""
        if actor.has_permission("accounts.change_organization"):
            return True
        mine = memberships_of(actor).get(member.organization_id)
        if member.role == Membership.Role.OWNER:
            return mine is not None and mine.role == Membership.Role.OWNER
        return member.scopes <= self.scopes_in(actor, member.organization)


class InvitationPolicy(Policy[Invitation]):
    """The addressee answers an invitation; everybody who may invite to its target sees and revokes it."""

    def can_view(self, actor: Actor, target: Invitation) -> bool:
        return self.is_addressee(actor, target) or self.can_revoke(actor, target)

    def standing(self, actor: Actor, target: Invitation) -> frozenset[str]:
        roles = {"addressee": self.is_addressee(actor, target), "manager": self.can_revoke(actor, target)}
        return frozenset(name for name, holds in roles.items() if holds)

    def can_answer(self, actor: Actor, target: Invitation) -> bool:
        return self.is_addressee(actor, target)

    def can_revoke(self, actor: Actor, target: Invitation) -> bool:
        handler = target_of(target.kind)
        invites_to = handler.find(target.target_id)
        return invites_to is not None and handler.can_invite(actor, invites_to)

    def can_hand_out(self, actor: Actor, target: Invitation) -> bool:
        """Return whether the actor may have a link to the invitation, whose holder gets the rights in it."""
        handler = target_of(target.kind)
        invites_to = handler.find(target.target_id)
        if invites_to is None:
            return False
        try:
            handler.ensure_can_invite(actor, invites_to, target.rights)
        except DomainError:
            return False
        return True

    def missing_organization(self, actor: Actor, target: Invitation) -> Organization | None:
        """Return the organization that the actor has to join before accepting, or None if nothing is missing."""
        handler = target_of(target.kind)
        invites_to = handler.find(target.target_id)
        required = None if invites_to is None else handler.required_organization(invites_to)
        return None if required is None or required.pk in memberships_of(actor) else required

    def is_addressee(self, actor: Actor, target: Invitation) -> bool:
        return Invitation.objects.filter(pk=target.pk).addressed_to(actor).exists()


def memberships_of(actor: Actor) -> dict[int, Membership]:
    """Return the memberships of the actor by organization id. They are loaded once, and again after a lock."""
    if _FACT not in actor.rights:
        rows = Membership.objects.filter(user=actor.user_id).select_related("named_role") if actor.user_id else ()
        actor.rights[_FACT] = {row.organization_id: row for row in rows}
    return actor.rights[_FACT]


def clear_cached_memberships(actor: Actor) -> None:
    """Make the next `memberships_of` read the database. Call this after a change of roles or members."""
    actor.rights.pop(_FACT, None)


organization_policy = OrganizationPolicy()
invitation_policy = InvitationPolicy()
