"""The event stream: clients read all events after a position, instead of receiving webhooks or after missing some."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import Max, Q

from releasehub.core.actor import Actor
from releasehub.core.locks import try_advisory_lock
from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import TRAFFIC
from releasehub.webhooks.models import Event, EventPruning
from releasehub.webhooks.querysets import visible_events

LOCK = 0x65766E74_73747265  # "evntstre"
BATCH_EVENTS = 5000
IN_STREAM = ~Q(type=EventType.ENDPOINT_TEST) & ~Q(object_type=TRAFFIC)

_NUMBER = """
UPDATE webhooks_event SET position = waiting.number + %s
FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS number FROM webhooks_event WHERE position IS NULL ORDER BY id LIMIT %s
) AS waiting
WHERE webhooks_event.id = waiting.id
"""


@dataclass(frozen=True)
class StreamPage:
    """A page of the stream.

    `next_after` is the position after which the next page begins. It also moves past events that the client may not see
    or has filtered out. `is_truncated` says that events after the position at which the page begins were deleted, so
    the client may have missed some.
    """

    events: list[Event]
    next_after: int
    has_more: bool
    is_truncated: bool


def number_events() -> int:
    """Assign positions to committed events, and return their number. Several processes can do this concurrently.

    Ids cannot serve as positions. They are assigned before the commit, so an event with a lower id may appear after a
    client has read one with a higher id.
    """
    numbered = 0
    # Checked without a transaction: on SQLite it would wait for every writer.
    while Event.objects.filter(position=None).exists() and (count := _number_batch()):
        numbered += count
    return numbered


def read_stream(
    actor: Actor, *, after: int = 0, limit: int = 100, types: Collection[str] = (), download_id: int | None = None
) -> StreamPage:
    """Return the next events that the actor may see.

    Args:
        after: The position after which the page begins.
        types: Event types, or groups such as `version.*`. By default, all types are returned.
    """
    number_events()
    # The end is read once. Events that commit during this request get later positions and belong to the next page.
    last = last_position()
    rows = visible_events(actor).filter(IN_STREAM, position__gt=after, position__lte=last)
    if download_id is not None:
        rows = rows.filter(download_id=download_id)
    if types:
        rows = rows.filter(reduce(or_, (_of_type(name) for name in types)))
    events = list(rows.order_by("position")[: limit + 1])
    has_more = len(events) > limit
    events = events[:limit]
    next_after = events[-1].position if has_more else max(last, after)
    # Read after the events: whatever was deleted before or between them counts.
    is_truncated = EventPruning.objects.filter(deleted_position__gt=after).exists()
    return StreamPage(events, next_after or 0, has_more, is_truncated)


@transaction.atomic
def _number_batch() -> int:
    # Two processes that number events at the same time would assign the same positions. The process without the lock
    # returns at once, because the other one numbers its events as well.
    if not try_advisory_lock(LOCK):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [last_position(), BATCH_EVENTS])
        return int(cursor.rowcount)


def last_position() -> int:
    """Return the last position that has been assigned, or 0."""
    return Event.objects.aggregate(last=Max("position"))["last"] or 0


def _of_type(name: str) -> Q:
    kind, _, verb = name.partition(".")
    return Q(type__startswith=f"{kind}.") if verb == "*" else Q(type=name)
