"""The permissions on webhook endpoints and events.

The app of downloads is above this one, so it registers functions that say who manages a download.
"""

from releasehub.accounts.models import Membership, User
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound
from releasehub.core.policy import Policy
from releasehub.webhooks.download_rules import can_manage_rules, owner_lookups
from releasehub.webhooks.models import Endpoint

SITE_PERMISSION = "webhooks.change_endpoint"
READ_PERMISSION = "webhooks.view_endpoint"
MANAGING_ROLES = (Membership.Role.OWNER, Membership.Role.ADMIN)


class EndpointPolicy(Policy[Endpoint]):
    """An actor may see and manage an endpoint if it manages the download or the organization of the endpoint.

    Staff with the permission on endpoints may manage all of them.
    """

    def can_manage_scope(self, actor: Actor, *, organization_id: int | None, download_id: int | None) -> bool:
        """Return whether the actor may manage endpoints of this organization or download, or of the site without both.

        An API key that is bound to downloads only has access to the endpoints of these downloads.
        """
        bound_ids = actor.bound_download_ids
        if bound_ids is not None and download_id not in bound_ids:
            return False
        if actor.has_permission(SITE_PERMISSION):
            return True
        if download_id is not None:
            return any(rule(actor, download_id) for rule in can_manage_rules)
        return organization_id is not None and organization_id in administered_organization_ids(actor)

    def can_view(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_manage_scope(actor, organization_id=target.organization_id, download_id=target.download_id)

    def can_change(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_view(actor, target)

    def can_read_in_admin(self, actor: Actor, target: Endpoint) -> bool:
        """Return whether the actor may read the endpoint in the admin, which never shows the secret, unlike APIs."""
        return actor.has_permission(READ_PERMISSION) or self.can_view(actor, target)

    def ensure_create(self, actor: Actor, *, organization_id: int | None, download_id: int | None) -> None:
        """Check that the actor may create an endpoint for this organization or download, or for the site.

        Raises:
            NotFound: The actor does not manage the organization or download. The error does not reveal that it exists.
            Denied: The actor may not manage endpoints of the site.
        """
        if self.can_manage_scope(actor, organization_id=organization_id, download_id=download_id):
            return
        raise Denied if organization_id is None and download_id is None else NotFound

    def can_skip_tls(self, actor: Actor) -> bool:
        """Return whether the actor may disable TLS verification.

        Without verification, others in the network of the hub could read the secrets of a delivery, so only staff may
        decide this.
        """
        return actor.has_permission(SITE_PERMISSION)


def owners_of(endpoint: Endpoint) -> list[User]:
    """Return the users to notify about an endpoint: its creator, and the owners of its download or organization.

    Users who may no longer manage the endpoint are left out.
    """
    candidates = [endpoint.created_by]
    if endpoint.download_id is not None:
        candidates += [find_owner(endpoint.download_id) for find_owner in owner_lookups]
    if endpoint.organization_id is not None:
        rows = Membership.objects.filter(organization=endpoint.organization_id, role=Membership.Role.OWNER)
        candidates += [row.user for row in rows.select_related("user")]
    users = {user.pk: user for user in candidates if user is not None and user.is_active}
    return [user for user in users.values() if endpoint_policy.can_view(Actor(user=user), endpoint)]


def administered_organization_ids(actor: Actor) -> frozenset[int]:
    """Return the ids of the organizations that the actor administers. They are loaded once, and again after a lock."""
    if "administered_organizations" not in actor.rights:
        rows = Membership.objects.filter(user=actor.user_id, role__in=MANAGING_ROLES) if actor.user_id else ()
        actor.rights["administered_organizations"] = frozenset(row.organization_id for row in rows)
    return actor.rights["administered_organizations"]


endpoint_policy = EndpointPolicy()
