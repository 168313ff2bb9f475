"""The downloads of a product over time, from the counts per file and day.

The counts contain no personal data, so they are stored as long as their file. Crawlers are left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from typing import cast

from django.core.cache import cache
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from files.models import DownloadDay
from releasehub.core.actor import Actor
from versions.models import Version
from versions.platforms import fold_platform

DAYS = 30
MONTHS = 12
MAX_SERIES = 5  # as many as people can tell apart in a chart; the others are added up
CACHE_SECONDS = 60


class Period(StrEnum):
    """The time that a chart covers. Days and months are in UTC, and the last one is not over yet."""

    DAYS = "30d"
    MONTHS = "12m"


class Breakdown(StrEnum):
    """The kind of parts into which the downloads are divided."""

    VERSION = "version"
    PLATFORM = "platform"
    FILE = "file"


PARTS = {
    Breakdown.VERSION: "file__version__number",
    Breakdown.PLATFORM: "file__platform",
    Breakdown.FILE: "file__filename",
}


@dataclass(frozen=True)
class Series:
    """The downloads of one version, platform or file.

    `name` is a number, a platform or a file name, empty for files that suit every system, and None for all other parts.
    """

    name: str | None
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Statistics:
    """Downloads per day or month, oldest first. All series have one count for each of `starts`."""

    period: Period
    breakdown: Breakdown
    starts: list[date]
    series: list[Series]

    @property
    def totals(self) -> list[int]:
        return [sum(series.counts[step] for series in self.series) for step in range(len(self.starts))]

    @property
    def total(self) -> int:
        return sum(self.totals)


def download_statistics(actor: Actor, download: Download, period: Period, breakdown: Breakdown) -> Statistics:
    """Return the downloads of the versions that lists show to the actor.

    Raises:
        Denied: The team does not show the statistics to others.
    """
    download_policy.ensure("view_statistics", actor, download)
    audience = "team" if download_policy.reads_inside(actor, download) else "all"
    key = f"statistics:{download.public_id}:{audience}:{period}:{breakdown}:{timezone.now().date()}"
    # Adding up a year takes a moment, and the counts change only when the worker aggregates them.
    compute = partial(_compute, actor, download, period, breakdown)
    return cast(Statistics, cache.get_or_set(key, compute, CACHE_SECONDS))


def version_statistics(actor: Actor, version: Version, period: Period) -> Statistics:
    """Return the downloads of one version, divided by file.

    Raises:
        Denied: The team does not show the statistics to others.
    """
    download_policy.ensure("view_statistics", actor, version.download)
    key = f"statistics:version:{version.public_id}:{period}:{timezone.now().date()}"
    days = DownloadDay.objects.filter(file__version=version)
    return cast(Statistics, cache.get_or_set(key, partial(_divide, days, period, Breakdown.FILE), CACHE_SECONDS))


def _compute(actor: Actor, download: Download, period: Period, breakdown: Breakdown) -> Statistics:
    versions = Version.objects.listed_in(actor, download)
    return _divide(DownloadDay.objects.filter(file__version__in=versions), period, breakdown)


def _divide(days: models.QuerySet[DownloadDay], period: Period, breakdown: Breakdown) -> Statistics:
    """Add up the days of a period for each part."""
    starts = starts_of(period, timezone.now().date())
    part = PARTS[breakdown]
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
    sums_by_start = _sums(starts)
    grouped = days.filter(day__gte=starts[0]).order_by().values(part).annotate(**sums_by_start)
    for name, *sums in grouped.values_list(part, *sums_by_start):
        name = fold_platform(name) if breakdown == Breakdown.PLATFORM else name
        counts[name] = [count + (added or 0) for count, added in zip(counts[name], sums, strict=True)]
    return Statistics(period, breakdown, starts, list(_series(counts)))


def _sums(starts: list[date]) -> dict[str, Sum]:
    """Return one sum for each day or month. Truncating dates in the database takes ten times as long on SQLite."""
    ends = [Q(day__lt=start) for start in starts[1:]] + [Q()]
    steps = enumerate(zip(starts, ends, strict=True))
    return {f"step_{step}": Sum("downloads", filter=Q(day__gte=start) & end) for step, (start, end) in steps}


def starts_of(period: Period, today: date) -> list[date]:
    """Return the first day of each day or month of the period, oldest first."""
    if period == Period.DAYS:
        return [today - timedelta(days=back) for back in reversed(range(DAYS))]
    months = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(months - MONTHS + 1, months + 1)]


def _series(counts: Mapping[str, list[int]]) -> Iterable[Series]:
    """Return the series with the most downloads, the highest first, and one for the sum of the others."""
    ranked = sorted((Series(name, steps) for name, steps in counts.items()), key=lambda row: (-row.total, row.name))
    ranked = [series for series in ranked if series.total]
    shown = ranked if len(ranked) <= MAX_SERIES + 1 else ranked[:MAX_SERIES]
    yield from shown
    if others := ranked[len(shown) :]:
        yield Series(None, [sum(steps) for steps in zip(*(series.counts for series in others), strict=True)])
