"""The stream of all events, for those who missed webhooks or want none: read from a place on, nothing left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import Max, Q

from releasehub.core.actor import Actor
from releasehub.core.locks import try_advisory_lock
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Event
from releasehub.webhooks.policies import visible_events

LOCK = 0x65766E74_73747265  # "evntstre"
NUMBERED_AT_ONCE = 5000

_NUMBER = """
UPDATE webhooks_event SET position = waiting.place + %s
FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM webhooks_event WHERE position IS NULL ORDER BY id LIMIT %s
) AS waiting
WHERE webhooks_event.id = waiting.id
"""


@dataclass(frozen=True)
class StreamPage:
    """`next_after`: where to go on; it moves also past what the reader may not see or did not ask for."""

    events: list[Event]
    next_after: int
    has_more: bool


def number_events() -> int:
    """Give committed events their places; returns how many. Safe to run twice and beside itself.

    Ids are given before the commit, so a lower one may appear after a higher one was read. Places are given after.
    """
    numbered = 0
    while count := _number_some():
        numbered += count
    return numbered


def read_stream(
    actor: Actor, *, after: int = 0, limit: int = 100, types: Collection[str] = (), download_id: int | None = None
) -> StreamPage:
    """The next events the actor may see. `types`: names, also `version.*`; empty = all."""
    number_events()
    last = _last_position()
    rows = visible_events(actor).filter(position__gt=after, position__lte=last).exclude(type=EventType.ENDPOINT_TEST)
    if download_id is not None:
        rows = rows.filter(download_id=download_id)
    if types:
        rows = rows.filter(reduce(or_, (_of_type(name) for name in types)))
    events = list(rows.order_by("position")[: limit + 1])
    has_more = len(events) > limit
    events = events[:limit]
    next_after = events[-1].position if has_more else max(last, after)
    return StreamPage(events, next_after or 0, has_more)


@transaction.atomic
def _number_some() -> int:
    if not Event.objects.filter(position=None).exists() or not try_advisory_lock(LOCK):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [_last_position(), NUMBERED_AT_ONCE])
        return int(cursor.rowcount)


def _last_position() -> int:
    return Event.objects.aggregate(last=Max("position"))["last"] or 0


def _of_type(name: str) -> Q:
    kind, _, verb = name.partition(".")
    return Q(type__startswith=f"{kind}.") if verb == "*" else Q(type=name)
