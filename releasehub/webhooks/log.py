"""What became of deliveries, the newest first. Who sees the endpoint sees its log."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet

from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.webhooks.models import Attempt, Delivery, Endpoint, Payload
from releasehub.webhooks.policies import endpoint_policy, visible_endpoints


def find_endpoint(actor: Actor, public_id: str) -> Endpoint:
    """Errors: NotFound."""
    endpoint = Endpoint.objects.select_related("organization").filter(public_id=public_id).first()
    if endpoint is None or not endpoint_policy.can_view(actor, endpoint):
        raise NotFound
    return endpoint


def delivery_log(endpoint: Endpoint, *, state: str = "", event: str = "") -> QuerySet[Delivery]:
    """With event and attempts; `event`: an event type. What the filters do not know is nothing."""
    rows = _told(Delivery.objects.filter(endpoint=endpoint))
    if state:
        rows = rows.filter(state=state)
    if event:
        rows = rows.filter(event__type=event)
    return rows


def visible_deliveries(actor: Actor) -> QuerySet[Delivery]:
    """Of all endpoints the actor manages, the newest first, with endpoint, event and attempts."""
    return _told(Delivery.objects.filter(endpoint__in=visible_endpoints(actor)).select_related("endpoint"))


def find_delivery(endpoint: Endpoint, webhook_id: str) -> Delivery:
    """Errors: NotFound."""
    delivery = named(delivery_log(endpoint), webhook_id).first()
    if delivery is None:
        raise NotFound
    delivery.endpoint = endpoint
    return delivery


def named(rows: QuerySet[Delivery], webhook_id: str) -> QuerySet[Delivery]:
    """One at most, by the event inside the webhook-id, which has an index."""
    event_id = webhook_id.removeprefix("msg_").partition("_")[0]
    return rows.filter(event__public_id=event_id, webhook_id=webhook_id)


def bodies_of(deliveries: Collection[Delivery]) -> dict[int, str]:
    """Delivery -> the body it was or will be sent with; none before its first attempt."""
    wanted = Q(event__in={row.event_id for row in deliveries})
    stored = {
        (event_id, format_): body
        for event_id, format_, body in Payload.objects.filter(wanted).values_list("event", "format", "body")
    }
    return {row.pk: body for row in deliveries if (body := stored.get((row.event_id, row.format))) is not None}


def _told(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    rows = rows.order_by("-id").select_related("event").defer("event__data")
    return rows.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("-number")))
