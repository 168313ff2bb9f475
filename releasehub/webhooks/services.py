"""Publishing of events. Apps above this one register how their objects are represented in an event."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.expressions import RawSQL

from releasehub.core.actor import Actor
from releasehub.core.inserts import insert_few
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import endpoints_of, fan_out
from releasehub.webhooks.models import Event

Target = TypeVar("Target", bound=models.Model)
Snapshot = Callable[[Any], dict[str, Any]]

_snapshots: dict[type[models.Model], Snapshot] = {}

_NEXT_SEQUENCE = """COALESCE((
    SELECT sequence FROM webhooks_event WHERE object_type = %s AND object_id = %s ORDER BY id DESC LIMIT 1
), 0) + %s"""


def register_snapshot(model: type[Target], snapshot: Callable[[Target], dict[str, Any]]) -> None:
    """Register a function that returns a row as a JSON object. It must not run queries."""
    _snapshots[model] = snapshot


def loaded_relation(row: models.Model, name: str) -> Any:
    """Return the related object of a foreign key for a snapshot, or None if it was not loaded with the row."""
    return row._meta.get_field(name).get_cached_value(row, default=None)  # type: ignore[union-attr]


def publish(*, actor: Actor, event: EventType, target: models.Model, **details: Any) -> None:
    """Store one event with its deliveries, in the transaction of the change.

    `details`, such as a reason, are added to the snapshot of the target.
    """
    publish_all(actor=actor, events=[event], target=target, **details)


# Without a savepoint: an event that cannot be stored has to undo the change that it announces.
@transaction.atomic(savepoint=False)
def publish_all(
    *, actor: Actor, events: Sequence[EventType], target: models.Model, is_new: bool = False, **details: Any
) -> None:
    """Store the events of one change in order, with their deliveries.

    This takes two queries, or three if any endpoint matches. `is_new` says that the change creates the target, so that
    it has no events yet.
    """
    data = _snapshots[type(target)](target) | details
    if not events:
        return
    download_id = data["download_id"]
    endpoints = endpoints_of(download_id, data)
    # Only deliveries refer to the events by their keys.
    rows = store_events(
        actor=actor,
        events=events,
        target=target,
        download_id=download_id,
        data=data,
        is_new=is_new,
        wait_for_keys=bool(endpoints),
    )
    fan_out(rows, endpoints)


def store_events(
    *,
    actor: Actor,
    events: Sequence[EventType],
    target: models.Model,
    download_id: int | None,
    data: dict[str, Any],
    is_new: bool = False,
    wait_for_keys: bool = True,
) -> list[Event]:
    """Insert the events without deliveries, and return them.

    The calling code holds the lock of the object, so the sequence numbers of its events have no gaps.
    """
    object_type = target._meta.model_name or ""
    rows = [
        Event(
            type=event,
            object_type=object_type,
            object_id=target.pk,
            sequence=position if is_new else _next_sequence(object_type, target.pk, position),
            download_id=download_id,
            actor_id=actor.user_id,
            request_id=actor.request_id,
            data=data,
        )
        for position, event in enumerate(events, start=1)
    ]
    # `bulk_create` builds its statement anew each time, which took a seventh of the CPU time of a new version.
    insert_few(rows, wait_for_keys=wait_for_keys)
    return rows


def _next_sequence(object_type: str, object_id: int, position: int) -> RawSQL:
    """Return the sequence number of the event at this position in a change, after the earlier events of the object."""
    return RawSQL(_NEXT_SEQUENCE, (object_type, object_id, position))  # noqa: S611 - constant text, bound values
