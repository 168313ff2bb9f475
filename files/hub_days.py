"""Figures of the whole hub per day, for charts that must stay cheap however many rows there are.

A background task measures the last days, so that a page reads one row for each day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from files.models import Blob, DownloadDay, File, HubDay

# Downloads are counted a little later than they happen, and longer after an outage of the workers.
MEASURED_AGAIN_DAYS = 3
FIRST_DAYS = 30
FIELDS = ("downloads", "uploads", "uploaded_bytes", "stored_bytes", "stored_count")


@dataclass(frozen=True)
class DayFigures:
    """The figures of one day. `stored_bytes` is None if the day was not measured."""

    day: date
    downloads: int = 0
    uploads: int = 0
    uploaded_bytes: int = 0
    stored_bytes: int | None = None
    stored_count: int = 0


def measure_hub_days() -> int:
    """Measure today and the days before that may have changed, and return their number.

    The stored bytes are those of the moment, so they are only known for days on which this ran.
    """
    today = timezone.now().date()
    days = MEASURED_AGAIN_DAYS if HubDay.objects.exists() else FIRST_DAYS
    for back in range(days):
        day = today - timedelta(days=back)
        HubDay.objects.update_or_create(day=day, defaults=_counts_of(day))
    HubDay.objects.filter(day=today).update(**_stored())
    return days


def last_days(count: int) -> list[DayFigures]:
    """Return the figures of the last days, the oldest first, with zeros for days without a row."""
    today = timezone.now().date()
    starts = [today - timedelta(days=back) for back in reversed(range(count))]
    rows = {row.day: row for row in HubDay.objects.filter(day__gte=starts[0])}
    return [
        DayFigures(day, *(getattr(rows[day], name) for name in FIELDS)) if day in rows else DayFigures(day)
        for day in starts
    ]


def _counts_of(day: date) -> dict[str, int]:
    begin = datetime.combine(day, time.min, tzinfo=UTC)
    files = File.all_objects.filter(created_at__gte=begin, created_at__lt=begin + timedelta(days=1))
    uploads = files.aggregate(uploads=Count("pk"), uploaded_bytes=Sum("size_bytes", default=0))
    downloads = DownloadDay.objects.filter(day=day).aggregate(downloads=Sum("downloads", default=0))
    return uploads | downloads


def _stored() -> dict[str, int]:
    rows = Blob.objects.filter(state=Blob.State.STORED)
    return rows.aggregate(stored_bytes=Sum("size_bytes", default=0), stored_count=Count("pk"))
