"""The log of deliveries, newest first. An actor who may see an endpoint may see its deliveries."""

from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet

from releasehub.core.actor import Actor
from releasehub.core.querysets import first_or_not_found, only_row
from releasehub.webhooks.models import Attempt, Delivery, Endpoint, Payload
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import visible_endpoints


def find_endpoint(actor: Actor, public_id: str) -> Endpoint:
    endpoint = only_row(Endpoint.objects.select_related("organization").filter(public_id=public_id))
    return endpoint_policy.visible_or_not_found(actor, endpoint)


def delivery_log(endpoint: Endpoint, *, state: str = "", event: str = "") -> QuerySet[Delivery]:
    """Return the deliveries of an endpoint with their events and attempts.

    Args:
        event: Limits the deliveries to this event type. An unknown value matches nothing.
    """
    rows = _with_details(Delivery.objects.filter(endpoint=endpoint))
    if state:
        rows = rows.filter(state=state)
    if event:
        rows = rows.filter(event__type=event)
    return rows


def visible_deliveries(actor: Actor) -> QuerySet[Delivery]:
    """Return the deliveries of all endpoints that the actor manages, with endpoint, event and attempts."""
    return _with_details(Delivery.objects.filter(endpoint__in=visible_endpoints(actor)).select_related("endpoint"))


def find_delivery(endpoint: Endpoint, webhook_id: str) -> Delivery:
    delivery = first_or_not_found(with_webhook_id(delivery_log(endpoint), webhook_id))
    delivery.endpoint = endpoint
    return delivery


def with_webhook_id(rows: QuerySet[Delivery], webhook_id: str) -> QuerySet[Delivery]:
    """Return the delivery with this webhook-id, if there is one. The event id inside it makes use of an index."""
    event_id = webhook_id.removeprefix("msg_").partition("_")[0]
    return rows.filter(event__public_id=event_id, webhook_id=webhook_id)


def bodies_of(deliveries: Collection[Delivery]) -> dict[int, str]:
    """Return the bodies by delivery id. A delivery has no body before its first attempt."""
    of_events = Q(event__in={row.event_id for row in deliveries})
    stored_bodies = {
        (event_id, format_): body
        for event_id, format_, body in Payload.objects.filter(of_events).values_list("event", "format", "body")
    }
    return {row.pk: body for row in deliveries if (body := stored_bodies.get((row.event_id, row.format))) is not None}


def _with_details(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    rows = rows.order_by("-id").select_related("event").defer("event__data")
    return rows.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("-number")))
