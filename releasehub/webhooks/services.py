"""Announcing events. The apps above register how their objects look in an event."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.expressions import RawSQL

from releasehub.core.actor import Actor
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import fan_out
from releasehub.webhooks.models import Event

Target = TypeVar("Target", bound=models.Model)
Snapshot = Callable[[Any], dict[str, Any]]

_snapshots: dict[type[models.Model], Snapshot] = {}

_NEXT = """COALESCE((
    SELECT sequence FROM webhooks_event WHERE object_type = %s AND object_id = %s ORDER BY id DESC LIMIT 1
), 0) + %s"""


def register_snapshot(model: type[Target], snapshot: Callable[[Target], dict[str, Any]]) -> None:
    """`snapshot` gives the JSON object of a row; it must not query."""
    _snapshots[model] = snapshot


def loaded(row: models.Model, name: str) -> Any:
    """What a foreign key leads to, for a snapshot; None where it was not loaded with its row."""
    return row._meta.get_field(name).get_cached_value(row, default=None)  # type: ignore[union-attr]


def publish(*, actor: Actor, event: EventType, target: models.Model, **details: Any) -> None:
    """Store one event, in the transaction of the change. `details` are added to the snapshot (a reason, for one)."""
    publish_all(actor=actor, events=[event], target=target, **details)


@transaction.atomic(savepoint=False)
def publish_all(*, actor: Actor, events: Sequence[EventType], target: models.Model, **details: Any) -> None:
    """Several events of one change, in their order, with their deliveries. Two queries, three when somebody listens."""
    data = _snapshots[type(target)](target) | details
    if events:
        fan_out(store(actor=actor, events=events, target=target, download_id=data["download_id"], data=data))


def store(
    *,
    actor: Actor,
    events: Sequence[EventType],
    target: models.Model,
    download_id: int | None,
    data: dict[str, Any],
) -> list[Event]:
    """The rows alone, in one insert; whoever changes an object holds its lock, so its numbers have no gaps."""
    object_type = target._meta.model_name or ""
    rows: list[Any] = [
        Event(
            type=event,
            object_type=object_type,
            object_id=target.pk,
            sequence=RawSQL(_NEXT, (object_type, target.pk, position)),  # noqa: S611 - constant text, bound values
            download_id=download_id,
            actor_id=actor.user_id,
            data=data,
        )
        for position, event in enumerate(events, start=1)
    ]
    return Event.objects.bulk_create(rows)
