"""Who may see and change endpoints. Downloads lie above this app, so they register who manages them."""

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

_manages: list[Callable[[Actor, int], bool]] = []
_managed: list[Callable[[Actor], Iterable[int]]] = []
_owners: list[Callable[[int], User | None]] = []
_holders: list[Callable[[], Q]] = []
_streamed: list[Callable[[Actor, frozenset[int]], Iterable[int]]] = []


def register_downloads(
    manages: Callable[[Actor, int], bool],
    managed: Callable[[Actor], Iterable[int]],
    owner: Callable[[int], User | None],
    streamed: Callable[[Actor, frozenset[int]], Iterable[int]],
    held: Callable[[], Q],
) -> None:
    """Register what only the app of the downloads knows.

    `manages`: whether the actor manages the download with that id; `managed`: the ids of all those; `owner`: whose
    download it is; `streamed`: the ids of those whose events the actor may read, given the organizations that the actor
    administers; `held`: matches endpoints whose creator manages their download.
    """
    _manages.append(manages)
    _managed.append(managed)
    _owners.append(owner)
    _streamed.append(streamed)
    _holders.append(held)


class EndpointPolicy(Policy[Endpoint]):
    """Whoever manages what an endpoint belongs to manages the endpoint, and sees its deliveries; nobody else does."""

    def can_manage_scope(self, actor: Actor, *, organization_id: int | None, download_id: int | None) -> bool:
        """A key bound to downloads reaches the endpoints of those only."""
        bound = actor.bound_download_ids
        if bound is not None and download_id not in bound:
            return False
        if actor.has_permission(SITE_PERMISSION):
            return True
        if download_id is not None:
            return any(manages(actor, download_id) for manages in _manages)
        return organization_id is not None and organization_id in _organizations(actor)

    def can_view(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_manage_scope(actor, organization_id=target.organization_id, download_id=target.download_id)

    def can_change(self, actor: Actor, target: Endpoint) -> bool:
        return self.can_view(actor, target)

    def ensure_create(self, actor: Actor, *, organization_id: int | None, download_id: int | None) -> None:
        """Who does not manage it sees nothing of its webhooks, so it looks as if it were not there.

        Errors: NotFound; Denied for endpoints of the site.
        """
        if self.can_manage_scope(actor, organization_id=organization_id, download_id=download_id):
            return
        raise Denied if organization_id is None and download_id is None else NotFound

    def can_skip_tls(self, actor: Actor) -> bool:
        """Whether the actor may have a server's certificate ignored: that exposes secrets on networks of the hub."""
        return actor.has_permission(SITE_PERMISSION)


def visible_endpoints(actor: Actor) -> models.QuerySet[Endpoint]:
    """The set form of `EndpointPolicy.can_view`."""
    rows = Endpoint.objects.all()
    if actor.bound_download_ids is not None:
        rows = rows.filter(download_id__in=actor.bound_download_ids)
    if actor.has_permission(SITE_PERMISSION):
        return rows
    downloads = {pk for managed in _managed for pk in managed(actor)}
    return rows.filter(Q(download_id__in=downloads) | Q(organization__in=_organizations(actor)))


def is_held() -> Q:
    """Match endpoints whose creator may still manage them: the set form of `can_manage_scope` for the creator.

    Deliveries ask for it each time, so an endpoint receives nothing from the moment its creator loses the right.
    Endpoints without a creator belong to the site.
    """
    administers = Membership.objects.filter(
        organization=OuterRef("organization"),
        user=OuterRef("created_by"),
        user__is_active=True,
        role__in=_MANAGING_ROLES,
    )
    held = Q(created_by=None) | has_staff_permission("created_by", SITE_PERMISSION) | Q(Exists(administers))
    return reduce(or_, (holder() for holder in _holders), held)


def visible_events(actor: Actor) -> models.QuerySet[Event]:
    """Those that an endpoint of the actor could be sent."""
    rows = Event.objects.all()
    if actor.has_permission(SITE_PERMISSION):
        bound = actor.bound_download_ids
        return rows if bound is None else rows.filter(download_id__in=bound)
    downloads = {pk for streamed in _streamed for pk in streamed(actor, _organizations(actor))}
    return rows.filter(download_id__in=downloads)


def administered_organizations(actor: Actor) -> models.QuerySet[Organization]:
    """Those whose endpoints the actor may manage."""
    if actor.bound_download_ids is not None:
        return Organization.objects.none()
    if actor.has_permission(SITE_PERMISSION):
        return Organization.objects.all()
    return Organization.objects.filter(pk__in=_organizations(actor))


def owners_of(endpoint: Endpoint) -> list[User]:
    """Who is told what becomes of it: its maker, and the owners of what it belongs to, as long as they manage it."""
    found = [endpoint.created_by]
    if endpoint.download_id is not None:
        found += [owner(endpoint.download_id) for owner in _owners]
    if endpoint.organization_id is not None:
        rows = Membership.objects.filter(organization=endpoint.organization_id, role=Membership.Role.OWNER)
        found += [row.user for row in rows.select_related("user")]
    people = {user.pk: user for user in found if user is not None and user.is_active}
    return [user for user in people.values() if endpoint_policy.can_view(Actor(user=user), endpoint)]


def _organizations(actor: Actor) -> frozenset[int]:
    """Those the actor administers, looked up once for each actor."""
    if "administered_organizations" not in actor.facts:
        rows = Membership.objects.filter(user=actor.user_id, role__in=_MANAGING_ROLES) if actor.user_id else ()
        actor.facts["administered_organizations"] = frozenset(row.organization_id for row in rows)
    found: frozenset[int] = actor.facts["administered_organizations"]
    return found


endpoint_policy = EndpointPolicy()
