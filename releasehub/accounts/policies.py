"""Who may do what to organisations: members see them, scopes of their roles decide on the rest."""

from __future__ import annotations

from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.querysets import SEE_ALL
from releasehub.accounts.scopes import ALL_SCOPES, OrganizationScope
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy

_FACT = "memberships"


class OrganizationPolicy(Policy[Organization]):
    """A key bound to downloads sees no organisation. Staff act by their permissions on organisations."""

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
        """Everybody may leave; nobody removes who may do more than they."""
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
        """Whether nothing the member may do is closed to the actor; only an owner is above an owner."""
        if actor.has_permission("accounts.change_organization"):
            return True
        mine = memberships_of(actor).get(member.organization_id)
        if member.role == Membership.Role.OWNER:
            return mine is not None and mine.role == Membership.Role.OWNER
        return member.scopes <= self.scopes_in(actor, member.organization)


def memberships_of(actor: Actor) -> dict[int, Membership]:
    """Organisation id -> membership, looked up once for each actor."""
    if _FACT not in actor.facts:
        rows = Membership.objects.filter(user=actor.user_id).select_related("named_role") if actor.user_id else ()
        actor.facts[_FACT] = {row.organization_id: row for row in rows}
    found: dict[int, Membership] = actor.facts[_FACT]
    return found


def forget_memberships(actor: Actor) -> None:
    """After a change of roles or members."""
    actor.facts.pop(_FACT, None)


organization_policy = OrganizationPolicy()
