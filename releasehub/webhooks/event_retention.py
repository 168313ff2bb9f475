"""Retention of events. Without it, the event stream reaches back to the first event of the hub."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from releasehub.core.holds import held_download_ids
from releasehub.webhooks.models import Delivery, Event, EventPruning
from releasehub.webhooks.stream import IN_STREAM, last_position
from releasehub.webhooks.stream_readers import lowest_read_position

BATCH_EVENTS = 1000
MAX_IDLE_BATCHES = 20


def prune_events() -> int:
    """Delete events that are older than EVENT_RETENTION_DAYS, except those that something still needs.

    The events are checked in the order of their ids, from the one where the last run ended. A run ends at the first
    young event, and the next one begins at the front again. It also ends after MAX_IDLE_BATCHES batches in which every
    event had to be kept, so that a long row of them does not make every run slow.

    Returns:
        The number of deleted events. With EVENT_RETENTION_DAYS=0, nothing is deleted.
    """
    days = settings.EVENT_RETENTION_DAYS
    if not days:
        return 0
    limit = timezone.now() - timedelta(days=days)
    total = idle_batches = 0
    has_more = True
    while has_more and idle_batches < MAX_IDLE_BATCHES:
        count, has_more = _prune_batch(limit)
        total += count
        idle_batches += not count
    return total


@transaction.atomic
def _prune_batch(limit: datetime) -> tuple[int, bool]:
    """Check the next events, and return the number of deleted ones and whether further old ones may follow.

    The mark is stored together with the deletion, so a client that misses an event always learns it.
    """
    EventPruning.objects.get_or_create(pk=1)
    pruning = EventPruning.objects.select_for_update().get(pk=1)
    rows = Event.objects.filter(pk__gt=pruning.checked_id).order_by("pk").values_list("pk", "occurred_at")
    batch = list(rows[:BATCH_EVENTS])
    first_young = next((place for place, (_, moment) in enumerate(batch) if moment >= limit), len(batch))
    old_ids = [pk for pk, _ in batch[:first_young]]
    ids = _unneeded(old_ids) if old_ids else []
    has_more = first_young == BATCH_EVENTS
    before = (pruning.checked_id, pruning.deleted_position)
    pruning.checked_id = old_ids[-1] if has_more else 0
    if ids:
        rows_in_stream = Event.objects.filter(IN_STREAM, pk__in=ids)
        deleted = rows_in_stream.aggregate(last=Max("position"))["last"] or 0
        pruning.deleted_position = max(pruning.deleted_position, deleted)
        Event.objects.filter(pk__in=ids).only("pk").delete()
    if before != (pruning.checked_id, pruning.deleted_position):
        pruning.save()
    return len(ids), has_more


def _unneeded(ids: list[int]) -> list[int]:
    """Return those of the old events that can be deleted.

    The newest event of each object is kept, because the next one continues its `sequence`. The last event of the stream
    is kept as well, because the next one continues its `position`.
    """
    end = last_position()
    is_followed = Event.objects.filter(
        object_type=OuterRef("object_type"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")
    )
    rows = Event.objects.filter(
        Exists(is_followed),
        ~Exists(Delivery.objects.filter(event=OuterRef("pk"))),
        pk__in=ids,
        position__lt=end,
        position__lte=lowest_read_position(end),
    )
    if held := held_download_ids():
        rows = rows.exclude(download_id__in=held)
    return list(rows.values_list("pk", flat=True))
