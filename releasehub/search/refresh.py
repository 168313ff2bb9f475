"""Update the index in the background, by following the event stream.

A change costs nothing for this. A search finds it within seconds, because a scheduled task reads the events since its
last run.
"""

from collections.abc import Collection

from django.db import transaction

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.search import index
from releasehub.search.documents import document_of
from releasehub.search.facets import store_facets
from releasehub.search.models import SearchCursor, WordTrigram
from releasehub.search.spelling import learn_words
from releasehub.webhooks.models import Event
from releasehub.webhooks.stream import last_position, number_events

BATCH_EVENTS = 500
BATCH_DOWNLOADS = 200
INDEXED = ("download", "version", "file")


def refresh_index() -> int:
    """Index what changed since the last run, and continue an unfinished rebuild.

    Returns:
        The number of downloads whose documents were written.
    """
    if not _is_behind():
        return 0
    number_events()
    return sum(iter(_refresh_batch, None))


def rebuild_index() -> int:
    """Index all downloads again, and return their number. Searches find the earlier documents meanwhile."""
    SearchCursor.objects.update_or_create(pk=1, defaults={"position": last_position(), "built_id": 0})
    return refresh_index()


def schedule_rebuild() -> None:
    """Let the background task index all downloads again, because the full-text table was not copied with the rows."""
    SearchCursor.objects.update(built_id=0)


def read_position() -> int | None:
    """Return the position up to which the index follows the event stream, or None before the first run."""
    return SearchCursor.objects.filter(pk=1).values_list("position", flat=True).first()


def _is_behind() -> bool:
    """Return whether there is something to do, without a transaction: on SQLite it would wait for every writer."""
    if Event.objects.filter(position=None).exists():
        return True
    cursor = SearchCursor.objects.filter(pk=1).first()
    return cursor is None or cursor.built_id is not None or cursor.position < last_position()


@transaction.atomic
def _refresh_batch() -> int | None:
    """Index the next downloads and move the cursor behind them; None if there is nothing to do.

    Two workers wait for each other.
    """
    last = last_position()
    SearchCursor.objects.get_or_create(pk=1, defaults={"position": last})
    cursor = SearchCursor.objects.select_for_update().get(pk=1)
    if cursor.built_id is not None:
        return _build_batch(cursor)
    if cursor.position >= last:
        return None
    end = min(last, cursor.position + BATCH_EVENTS)
    rows = Event.objects.filter(position__gt=cursor.position, position__lte=end, object_type__in=INDEXED)
    cursor.position = end
    cursor.save(update_fields=["position"])
    return _index({pk for pk in rows.values_list("download_id", flat=True) if pk is not None})


def _build_batch(cursor: SearchCursor) -> int:
    if cursor.built_id == 0:
        WordTrigram.objects.all().delete()  # forgets the words of downloads that are no longer public
    rows = Download.objects.filter(pk__gt=cursor.built_id).order_by("pk").values_list("pk", flat=True)
    download_ids = list(rows[:BATCH_DOWNLOADS])
    cursor.built_id = download_ids[-1] if download_ids else None
    cursor.save(update_fields=["built_id"])
    return _index(download_ids)


def _index(download_ids: Collection[int]) -> int:
    """Write the documents of these downloads, and remove those of deleted ones."""
    rows = Download.objects.filter(pk__in=download_ids).select_related("category", "owner", "organization")
    documents = [document_of(download) for download in rows]
    index.store(documents)
    store_facets(download_ids, [facet for document in documents for facet in document.facets])
    # A correction tells that a word occurs somewhere, so only what everybody can find teaches words.
    is_open = set(Download.objects.visible_to(Actor()).filter(pk__in=download_ids).values_list("pk", flat=True))
    learn_words(document for document in documents if document.download_id in is_open)
    index.remove(sorted(set(download_ids) - {document.download_id for document in documents}))
    return len(documents)
