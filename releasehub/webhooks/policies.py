"""The permissions on webhook endpoints and events.

The app of downloads is above this one, so it registers functions that say who manages a download.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Exists, OuterRef, Q

from releasehub.accounts.models import Membership, Organization, User
from releasehub.accounts.querysets import has_staff_permission
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound
from releasehub.core.policy import Policy
from releasehub.webhooks.models import Endpoint, Event

SITE_PERMISSION = "webhooks.change_endpoint"
_MANAGING_ROLES = (Membership.Role.OWNER, Membership.Role.ADMIN)

_can_manage: list[Callable[[Actor, int], bool]] = []
_managed_ids: list[Callable[[Actor], Iterable[int]]] = []
_owner_lookups: list[Callable[[int], User | None]] = []
_creator_filters: list[Callable[[], Q]] = []
_readable_ids: list[Callable[[Actor, frozenset[int]], Iterable[int]]] = []


def register_downloads(
    can_manage: Callable[[Actor, int], bool],
    managed_ids: Callable[[Actor], Iterable[int]],
    owner_of: Callable[[int], User | None],
    readable_ids: Callable[[Actor, frozenset[int]], Iterable[int]],
    creator_manages: Callable[[], Q],
) -> None:
    """Register the rules that only the app of downloads knows.

    Args:
        can_manage: Returns whether the actor manages the download with this id.
        managed_ids: Returns the ids of all downloads that the actor manages.
        owner_of: Returns the owner of the download with this id.
        readable_ids: Returns the ids of the downloads whose events the actor may read. It also gets the ids of the
            organizations that the actor administers.
        creator_manages: Returns a filter for endpoints whose creator manages the download of the endpoint.
    """
    _can_manage.append(can_manage)
    _managed_ids.append(managed_ids)
    _owner_lookups.append(owner_of)
    _readable_ids.append(readable_ids)
    _creator_filters.append(creator_manages)


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
            return any(rule(actor, download_id) for rule in _can_manage)
        return organization_id is not None and organization_id in _organizations(actor)

    def can_view(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_manage_scope(actor, organization_id=target.organization_id, download_id=target.download_id)

    def can_change(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_view(actor, target)

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


def visible_endpoints(actor: Actor) -> models.QuerySet[Endpoint]:
    """Return the endpoints for which `EndpointPolicy.can_view` is true."""
    rows = Endpoint.objects.all()
    if actor.bound_download_ids is not None:
        rows = rows.filter(download_id__in=actor.bound_download_ids)
    if actor.has_permission(SITE_PERMISSION):
        return rows
    downloads = {pk for rule in _managed_ids for pk in rule(actor)}
    return rows.filter(Q(download_id__in=downloads) | Q(organization__in=_organizations(actor)))


def creator_can_manage() -> Q:
    """Return a filter for endpoints whose creator may still manage them, as `can_manage_scope` decides for one actor.

    Every claim uses this filter, so an endpoint gets nothing more as soon as its creator loses the right. Endpoints
    without a creator belong to the site.
    """
    administers = Membership.objects.filter(
        organization=OuterRef("organization"),
        user=OuterRef("created_by"),
        user__is_active=True,
        role__in=_MANAGING_ROLES,
    )
    condition = Q(created_by=None) | has_staff_permission("created_by", SITE_PERMISSION) | Q(Exists(administers))
    return reduce(or_, (creator_filter() for creator_filter in _creator_filters), condition)


def visible_events(actor: Actor) -> models.QuerySet[Event]:
    """Return the events that the actor may read, which are those that an endpoint of the actor could get."""
    rows = Event.objects.all()
    if actor.has_permission(SITE_PERMISSION):
        bound_ids = actor.bound_download_ids
        return rows if bound_ids is None else rows.filter(download_id__in=bound_ids)
    downloads = {pk for rule in _readable_ids for pk in rule(actor, _organizations(actor))}
    return rows.filter(download_id__in=downloads)


def administered_organizations(actor: Actor) -> models.QuerySet[Organization]:
    """Return the organizations whose endpoints the actor may manage."""
    if actor.bound_download_ids is not None:
        return Organization.objects.none()
    if actor.has_permission(SITE_PERMISSION):
        return Organization.objects.all()
    return Organization.objects.filter(pk__in=_organizations(actor))


def owners_of(endpoint: Endpoint) -> list[User]:
    """Return the users to notify about an endpoint: its creator, and the owners of its download or organization.

    Users who may no longer manage the endpoint are left out.
    """
    candidates = [endpoint.created_by]
    if endpoint.download_id is not None:
        candidates += [find_owner(endpoint.download_id) for find_owner in _owner_lookups]
    if endpoint.organization_id is not None:
        rows = Membership.objects.filter(organization=endpoint.organization_id, role=Membership.Role.OWNER)
        candidates += [row.user for row in rows.select_related("user")]
    users = {user.pk: user for user in candidates if user is not None and user.is_active}
    return [user for user in users.values() if endpoint_policy.can_view(Actor(user=user), endpoint)]


def _organizations(actor: Actor) -> frozenset[int]:
    """Return the ids of the organizations that the actor administers. They are loaded once for each actor."""
    if "administered_organizations" not in actor.facts:
        rows = Membership.objects.filter(user=actor.user_id, role__in=_MANAGING_ROLES) if actor.user_id else ()
        actor.facts["administered_organizations"] = frozenset(row.organization_id for row in rows)
    organization_ids: frozenset[int] = actor.facts["administered_organizations"]
    return organization_ids


endpoint_policy = EndpointPolicy()
