"""Merge the sources of a timeline into pages."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from heapq import merge

from django.db.models import Model

from releasehub.core.actor import Actor
from releasehub.timeline.sources import Source, TimelineEntry, read

ENTRIES_PER_PAGE = 50
# Every source has a position of its own, because its rows are in the order of their keys and not of their times.
CURSOR = re.compile(r"(audit|event|delivery|decision|downloads)-(\d{1,18})")
MAX_DAY = 3_652_059  # the ordinal number of the last day that Python knows


@dataclass(frozen=True)
class TimelinePage:
    """Entries, the newest first. `cursor` leads to the next page; it is empty on the last one."""

    entries: list[TimelineEntry]
    cursor: str


def timeline_page(actor: Actor, subject: Model, sources: Collection[Source], cursor: str = "") -> TimelinePage:
    """Return a page of the timeline. It takes one query for each source, however long the timeline is.

    An invalid cursor leads to the first page. The caller has checked that the actor may see subject and sources.
    """
    places = _read_cursor(cursor)
    found = {source: read(actor, source, subject, places.get(source), ENTRIES_PER_PAGE + 1) for source in sources}
    merged = list(merge(*found.values(), key=lambda entry: entry.moment, reverse=True))
    shown = merged[:ENTRIES_PER_PAGE]
    for entry in shown:
        places[entry.source] = entry.key
    is_last = len(merged) <= ENTRIES_PER_PAGE
    return TimelinePage(shown, "" if is_last else ".".join(f"{source}-{key}" for source, key in places.items()))


def _read_cursor(cursor: str) -> dict[Source, int]:
    places = {Source(name): int(key) for name, key in CURSOR.findall(cursor[:200])}
    if not 0 < places.get(Source.DOWNLOADS, 1) <= MAX_DAY:
        del places[Source.DOWNLOADS]
    return places
