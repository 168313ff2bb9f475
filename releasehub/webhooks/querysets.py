"""Query sets of endpoints and events that an actor may see."""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Exists, OuterRef, Q

from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.querysets import has_staff_permission
from releasehub.core.actor import Actor
from releasehub.webhooks.download_rules import creator_filters, managed_ids_rules, readable_ids_rules
from releasehub.webhooks.models import Endpoint, Event
from releasehub.webhooks.policies import MANAGING_ROLES, READ_PERMISSION, SITE_PERMISSION, administered_organization_ids


def visible_endpoints(actor: Actor) -> models.QuerySet[Endpoint]:
    """Return the endpoints for which `EndpointPolicy.can_view` is true."""
    rows = Endpoint.objects.all()
    if actor.bound_download_ids is not None:
        rows = rows.filter(download_id__in=actor.bound_download_ids)
    if actor.has_permission(SITE_PERMISSION):
        return rows
    downloads = {pk for rule in managed_ids_rules for pk in rule(actor)}
    return rows.filter(Q(download_id__in=downloads) | Q(organization__in=administered_organization_ids(actor)))


def endpoints_readable_in_admin(actor: Actor) -> models.QuerySet[Endpoint]:
    """Return the endpoints for which `EndpointPolicy.can_read_in_admin` is true."""
    return Endpoint.objects.all() if actor.has_permission(READ_PERMISSION) else visible_endpoints(actor)


def creator_can_manage() -> Q:
    """Return a filter for endpoints whose creator may still manage them, as `can_manage_scope` decides for one actor.

    Every claim uses this filter, so an endpoint gets nothing more as soon as its creator loses the right. Endpoints
    without a creator belong to the site.
    """
    administers = Membership.objects.filter(
        organization=OuterRef("organization"),
        user=OuterRef("created_by"),
        user__is_active=True,
        role__in=MANAGING_ROLES,
    )
    condition = Q(created_by=None) | has_staff_permission("created_by", SITE_PERMISSION) | Q(Exists(administers))
    return reduce(or_, (creator_filter() for creator_filter in creator_filters), condition)


def visible_events(actor: Actor) -> models.QuerySet[Event]:
    """Return the events that the actor may read, which are those that an endpoint of the actor could get."""
    rows = Event.objects.all()
    if actor.has_permission(SITE_PERMISSION):
        bound_ids = actor.bound_download_ids
        return rows if bound_ids is None else rows.filter(download_id__in=bound_ids)
    downloads = {pk for rule in readable_ids_rules for pk in rule(actor, administered_organization_ids(actor))}
    return rows.filter(download_id__in=downloads)


def administered_organizations(actor: Actor) -> models.QuerySet[Organization]:
    """Return the organizations whose endpoints the actor may manage."""
    if actor.bound_download_ids is not None:
        return Organization.objects.none()
    if actor.has_permission(SITE_PERMISSION):
        return Organization.objects.all()
    return Organization.objects.filter(pk__in=administered_organization_ids(actor))
