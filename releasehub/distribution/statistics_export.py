"""The downloads of a product per day as CSV, streamed, so their number is not limited."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import Sum

from downloads.models import Download
from downloads.policies import download_policy
from files.models import DownloadDay
from releasehub.core.actor import Actor
from releasehub.core.csv_export import csv_lines, safe_cell
from versions.models import Version
from versions.platforms import fold_architecture, fold_platform

COLUMNS = ("day", "version", "channel", "platform", "architecture", "downloads")
PATHS = ("file__version__number", "file__version__channel", "file__platform", "file__architecture")
FETCH_ROWS = 2000


def statistics_csv(actor: Actor, download: Download) -> Iterator[str]:
    """Return the lines with the downloads of the versions that lists show to the actor, the oldest day first.

    Raises:
        Denied: The team does not show the statistics to others.
    """
    download_policy.ensure("view_statistics", actor, download)
    rows = _sums_per_day(Version.objects.listed_in(actor, download))
    return csv_lines(COLUMNS, _merged(rows.iterator(FETCH_ROWS)))


def _sums_per_day(versions: models.QuerySet[Version]) -> models.QuerySet[Any, tuple[Any, ...]]:
    """Return one row for each day, version and system. Files are added up, because some of them may be deleted."""
    rows = DownloadDay.objects.filter(file__version__in=versions, downloads__gt=0)
    grouped = rows.order_by().values("day", *PATHS).annotate(total=Sum("downloads"))
    return grouped.order_by("day", *PATHS).values_list("day", *PATHS, "total")


def _merged(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str | int]]:
    """Add up the rows of one day and version whose platforms are spellings of the same one."""
    for (day, number, channel), group in groupby(rows, key=lambda row: row[:3]):
        totals: Counter[tuple[str, str]] = Counter()
        for *_, platform, architecture, total in group:
            totals[fold_platform(platform), fold_architecture(architecture)] += total
        for system, total in sorted(totals.items()):
            yield [day.isoformat(), *map(safe_cell, (number, channel, *system)), total]
