"""Fan-out: creates the deliveries of an event, in the same transaction as the event."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate
from releasehub.core.tasks import hint
from releasehub.webhooks import filters
from releasehub.webhooks.event_names import name_of
from releasehub.webhooks.models import Delivery, Endpoint, Event

DELIVER_TASK = "webhooks.deliver"
NO_ID = 0  # no row has it


def endpoints_of(download_id: int | None, data: Mapping[str, Any]) -> list[Endpoint]:
    """Return the active endpoints that may get events with this snapshot. This takes one query."""
    return _active_endpoints(download_id, organization_of(data))


def fan_out(events: Sequence[Event], endpoints: Sequence[Endpoint]) -> None:
    """Create the deliveries of stored events to those of the endpoints that match. This takes at most one query."""
    _store(
        [
            new_delivery(event, endpoint)
            for event in events
            for endpoint in endpoints
            if matches_endpoint(endpoint, event)
        ]
    )


def fan_out_traffic(events: Sequence[Event]) -> int:
    """Store the traffic events of one download that an endpoint wants, with their deliveries. Return their number.

    They are kept for their deliveries only, so events that no endpoint gets are not stored at all.
    """
    endpoints = _active_endpoints(events[0].download_id, organization_of(events[0].data), wants_traffic=True)
    receivers = [(event, [row for row in endpoints if matches_endpoint(row, event)]) for event in events]
    wanted = Event.objects.bulk_create([event for event, rows in receivers if rows])
    _store([new_delivery(event, endpoint) for event, rows in receivers for endpoint in rows])
    return len(wanted)


def new_delivery(event: Event, endpoint: Endpoint) -> Delivery:
    """Return an unsaved delivery. Its webhook-id is derived from event and endpoint, so it never changes."""
    return Delivery(
        event=event,
        endpoint=endpoint,
        webhook_id=f"msg_{event.public_id}_{endpoint.pk}",
        format=endpoint.format,
        object_key=event.object_key,
    )


def matches_endpoint(endpoint: Endpoint, event: Event) -> bool:
    """Return whether the endpoint gets this event: its filter and criteria match, and its format has such an event."""
    if not filters.matches_filter(endpoint.events, event.type, is_hard=bool(event.data.get("hard"))):
        return False
    kind = "download" if filters.is_traffic(event.type) else event.type.partition(".")[0]
    if not _matches_criteria(endpoint.criteria.get(kind, {}), event.data):
        return False
    return name_of(endpoint.format, event.type, event.data) is not None


def organization_of(data: Mapping[str, Any]) -> int | None:
    """Return the organization of the download in a snapshot, which may be a download, a version or a file."""
    for name in ("version", "download"):
        data = data.get(name) or data
    organization_id = data.get("organization_id")
    return organization_id if isinstance(organization_id, int) else None


def _store(deliveries: Sequence[Delivery]) -> None:
    """Store new deliveries, and wake a worker after the commit."""
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        transaction.on_commit(partial(hint, DELIVER_TASK))


def _active_endpoints(download_id: int | None, organization_id: int | None, **conditions: bool) -> list[Endpoint]:
    ids = {"download": download_id or NO_ID, "organization": organization_id or NO_ID}
    return list(_endpoints(**ids).filter(**conditions)) if conditions else _active.rows(**ids)


def _endpoints(download: int, organization: int) -> QuerySet[Endpoint]:
    scope = Q(organization=None, download_id=None) | Q(download_id=download) | Q(organization=organization)
    rows = Endpoint.objects.filter(scope, is_active=True, disabled_at=None).order_by("id")
    return rows.only("id", "format", "events", "criteria")


_active: SqlTemplate[Endpoint] = SqlTemplate(_endpoints, download=SAMPLE_ID, organization=OTHER_SAMPLE_ID)


def _matches_criteria(criteria: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return all(_value(data, path) in values for path, values in criteria.items())


def _value(data: Any, path: str) -> Any:
    """Return the value at a path such as `download.category_id` in a snapshot."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data
