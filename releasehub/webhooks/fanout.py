"""From an event to its deliveries, in the transaction of the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate
from releasehub.core.tasks import hint
from releasehub.webhooks import filters, formats
from releasehub.webhooks.models import Delivery, Endpoint, Event

DELIVER = "webhooks.deliver"


def fan_out(events: Sequence[Event]) -> None:
    """Deliveries of events that concern one download. One query without an endpoint, two with any."""
    endpoints = _listening(events[0].download_id, organization_of(events[0].data))
    deliveries = [
        new_delivery(event, endpoint) for event in events for endpoint in endpoints if is_wanted(endpoint, event)
    ]
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        transaction.on_commit(partial(hint, DELIVER))


def new_delivery(event: Event, endpoint: Endpoint) -> Delivery:
    """Not saved. The webhook-id follows from event and endpoint, so it can never change."""
    return Delivery(
        event=event,
        endpoint=endpoint,
        webhook_id=f"msg_{event.public_id}_{endpoint.pk}",
        format=endpoint.format,
        object_key=event.object_key,
    )


def is_wanted(endpoint: Endpoint, event: Event) -> bool:
    """By its filter, its criteria, and whether its format has a name for the event."""
    if not filters.asks_for(endpoint.events, event.type, is_hard=bool(event.data.get("hard"))):
        return False
    kind = event.type.partition(".")[0]
    if not _matches(endpoint.criteria.get(kind, {}), event.data):
        return False
    return formats.name_of(endpoint.format, event.type, event.data) is not None


def organization_of(data: Mapping[str, Any]) -> int | None:
    """The organisation of the download inside a snapshot, however deep the download lies."""
    for name in ("version", "download"):
        data = data.get(name) or data
    found = data.get("organization_id")
    return found if isinstance(found, int) else None


def _listening(download_id: int | None, organization_id: int | None) -> list[Endpoint]:
    given = {"download": download_id, "organization": organization_id}
    asked = {name: value for name, value in given.items() if value is not None}
    return _listening_to(frozenset(asked)).rows(**asked)


@cache
def _listening_to(given: frozenset[str]) -> SqlTemplate[Endpoint]:
    def build(download: int | None = None, organization: int | None = None) -> models.QuerySet[Endpoint]:
        scope = Q(organization=None, download_id=None)
        if download is not None:
            scope |= Q(download_id=download)
        if organization is not None:
            scope |= Q(organization=organization)
        rows = Endpoint.objects.filter(scope, is_active=True, disabled_at=None).order_by("id")
        return rows.only("id", "format", "events", "criteria")

    samples = {"download": SAMPLE_ID, "organization": OTHER_SAMPLE_ID}
    return SqlTemplate(build, **{name: samples[name] for name in given})


def _matches(criteria: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return all(_value(data, path) in wanted for path, wanted in criteria.items())


def _value(data: Any, path: str) -> Any:
    """`download.category_id` looks into the snapshot of the download."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data
