"""Count downloads outside the request: each download becomes one event row, and a worker aggregates the rows.

The worker adds the events to the totals of the file, version and download, and to one row per file and day.
"""

import hashlib
import hmac
import re
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_downloads
from files.models import DownloadDay, DownloadGrant, File
from releasehub.core.inserts import insert
from releasehub.core.read_only import is_read_only
from releasehub.core.requests import address_of
from releasehub.distribution.event_buffer import download_events
from releasehub.distribution.ranges import begins_later
from versions.models import Version

REPEAT_WINDOW = timedelta(hours=1)
BATCH = 2000
_BOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|monitor|uptime|scan|facebookexternalhit|headless|lighthouse", re.IGNORECASE
)


def record_download_event(request: HttpRequest, file: File) -> None:
    """Record a download event. HEAD requests and resumed ranges do not count as downloads."""
    if is_download(request) and not is_read_only():
        event = DownloadGrant(file_id=file.pk, visitor=visitor_of(request), is_bot=is_bot(request))
        if not settings.DOWNLOAD_EVENT_SECONDS:
            insert(event, wait_for_disk=False)  # a download must not wait for the disk
        elif connection.in_atomic_block:
            transaction.on_commit(partial(download_events.add, event))
        else:  # `on_commit` would do the same, but opens a connection to the database for it
            download_events.add(event)


def is_bot(request: HttpRequest) -> bool:
    """Return whether the user agent is that of a crawler, a link preview or a monitor."""
    return bool(_BOTS.search(request.headers.get("User-Agent", "")))


def is_download(request: HttpRequest) -> bool:
    """Return whether the request fetches a file or updates an older one, but does not resume a download."""
    return request.method == "GET" and not begins_later(request.headers.get("Range", ""))


def aggregate_download_events() -> int:
    """Aggregate all new download events and return their number. Several workers may run this at the same time."""
    event_count = sum(iter(_aggregate_batch, None))
    # Events are kept for twice the repeat window, because a later event has to find the one that it repeats.
    DownloadGrant.objects.filter(is_folded=True, granted_at__lt=timezone.now() - 2 * REPEAT_WINDOW).delete()
    return event_count


@transaction.atomic
def _aggregate_batch() -> int | None:
    """Aggregate one batch in one transaction, so that each event is counted exactly once.

    Returns:
        The number of events, or None if none was waiting. It is 0 if others took all of them in the meantime.
    """
    waiting = DownloadGrant.objects.filter(is_folded=False).order_by("id")
    ids = list(waiting.values_list("pk", flat=True)[:BATCH])
    if not ids:
        return None
    # A deletion of files takes their events along, so the downloads are locked first, as every other writer does.
    lock_downloads(File.all_objects.filter(grants__in=ids).order_by().values("version__download"))
    # The row locks make a second worker wait; once it gets the rows, they no longer match `is_folded=False`.
    events = list(waiting.select_for_update().filter(pk__in=ids))
    if not events:
        return 0
    first_events = _first_of_the_hour(events)
    first_pks = {event.pk for event in first_events}
    people = Counter((event.file_id, event.granted_at.date()) for event in first_events if not event.is_bot)
    bots = Counter((event.file_id, event.granted_at.date()) for event in first_events if event.is_bot)
    add_totals(_totals_by_file(people))
    _add_days(people, bots)
    rows = DownloadGrant.objects.filter(pk__in=[event.pk for event in events])
    rows.update(is_folded=True)
    rows.filter(pk__in=first_pks).update(is_counted=True)
    return len(events)


def _first_of_the_hour(events: list[DownloadGrant]) -> list[DownloadGrant]:
    """Return the events to count: a visitor counts at most once per file and hour."""
    since = min(event.granted_at for event in events) - REPEAT_WINDOW
    earlier = DownloadGrant.objects.filter(
        is_counted=True,
        granted_at__gt=since,
        file__in={event.file_id for event in events},
        visitor__in={event.visitor for event in events},
    )
    last: dict[tuple[int, str], datetime] = {}
    for file_id, visitor, moment in earlier.order_by("granted_at").values_list("file", "visitor", "granted_at"):
        last[file_id, visitor] = moment
    first_events = []
    for event in sorted(events, key=lambda event: (event.granted_at, event.pk)):
        before = last.get((event.file_id, event.visitor))
        if before is None or event.granted_at - before >= REPEAT_WINDOW:
            last[event.file_id, event.visitor] = event.granted_at
            first_events.append(event)
    return first_events


def _totals_by_file(days: Counter[tuple[int, Any]]) -> Counter[int]:
    """Return the number of downloads of each file, summed over the days."""
    totals: Counter[int] = Counter()
    for (file_id, _), number in days.items():
        totals[file_id] += number
    return totals


def add_totals(by_file: Counter[int]) -> None:
    """Add the numbers to download, version and file, always in this order, so that parallel writers cannot deadlock."""
    files = File.all_objects.filter(pk__in=by_file).values_list("pk", "version", "version__download")
    by_version: Counter[int] = Counter()
    by_download: Counter[int] = Counter()
    for file_id, version_id, download_id in files:
        by_version[version_id] += by_file[file_id]
        by_download[download_id] += by_file[file_id]
    _increase(Download.all_objects.all(), by_download)
    _increase(Version.all_objects.all(), by_version)
    _increase(File.all_objects.all(), by_file)


def _increase(rows: models.QuerySet[Any], numbers: Counter[int]) -> None:
    """Add the numbers to the download counts. Rows are updated in the order of their ids, against deadlocks."""
    for pk, number in sorted(numbers.items()):
        if number:
            rows.filter(pk=pk).update(download_count=F("download_count") + number)


def _add_days(people: Counter[Any], bots: Counter[Any]) -> None:
    """Add the numbers to one row per file and day, and create the rows that do not exist yet."""
    keys = sorted(people.keys() | bots.keys())
    DownloadDay.objects.bulk_create(
        [DownloadDay(file_id=file_id, day=day) for file_id, day in keys], ignore_conflicts=True
    )
    for file_id, day in keys:
        DownloadDay.objects.filter(file=file_id, day=day).update(
            downloads=F("downloads") + people[file_id, day], bot_downloads=F("bot_downloads") + bots[file_id, day]
        )


def visitor_of(request: HttpRequest) -> str:
    """Return a keyed hash that identifies the visitor for one day without storing the IP address or user agent."""
    agent = request.headers.get("User-Agent", "")
    text = f"{timezone.now().date()} {address_of(request) or ''} {agent}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
