"""Invented downloads of the demo files over time, so that the statistics of a fresh demo show something.

The downloads of a file have a peak after its release, quiet weekends, and a decline after the next release.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp

from django.utils import timezone

from downloads.models import Download
from files.models import DownloadDay, File
from releasehub.distribution.counting import add_totals
from releasehub.server.demo.catalog import DemoDownload, DemoVersion

SATURDAY = 5
WEEKEND_SHARE = 0.55
PEAK, PEAK_DAYS = 1.6, 6  # how much a new version adds at first, and how fast that is over
FADE_DAYS, YANKED_FADE_DAYS = 9, 0.5  # how fast users leave a version that has a successor
REMAINING_SHARE = 0.05
GROWTH_PER_DAY = 0.003
PRERELEASE_SHARE = 0.12
SYSTEM_SHARES = {
    ("linux", "x64"): 0.44,
    ("linux", "arm64"): 0.09,
    ("macos", "arm64"): 0.19,
    ("windows", "x64"): 0.28,
}


@dataclass(frozen=True)
class Curve:
    """The downloads of one file, of which `daily` are expected on a usual working day.

    `released` and `replaced` are days; without a successor, `replaced` is None. `is_yanked` ends the downloads then.
    """

    daily: float
    released: date
    replaced: date | None
    seed: str
    is_yanked: bool = False

    def until(self, last: date) -> Iterator[tuple[date, int]]:
        """Yield the days since the release on which something was downloaded. The same seed gives the same numbers."""
        noise = random.Random(self.seed)  # noqa: S311 - not a secret
        for age in range((last - self.released).days + 1):
            day = self.released + timedelta(days=age)
            count = round(self._expected(day, age) * noise.uniform(0.8, 1.2))
            if count:
                yield day, count

    def _expected(self, day: date, age: int) -> float:
        expected = self.daily * (1 + PEAK * exp(-age / PEAK_DAYS)) * (1 + GROWTH_PER_DAY * age)
        if self.replaced and day >= self.replaced:
            fade_days, remaining = (YANKED_FADE_DAYS, 0) if self.is_yanked else (FADE_DAYS, REMAINING_SHARE)
            expected *= max(remaining, exp(-(day - self.replaced).days / fade_days))
        return expected * (WEEKEND_SHARE if day.weekday() >= SATURDAY else 1)


STABLE = "stable"
BATCH_ROWS = 500


def add_traffic(download: Download, demo: DemoDownload) -> None:
    """Store the downloads per file and day, and the totals, as if visitors had fetched the published versions."""
    published = {version.number: version for version in demo.versions if version.state == "published"}
    files = File.objects.filter(version__download=download, version__number__in=published).select_related("version")
    today = timezone.now().date()
    days = [
        DownloadDay(file=file, day=day, downloads=count)
        for file in files
        for day, count in _curve_of(file, published[file.version.number], demo, today).until(today)
    ]
    DownloadDay.objects.bulk_create(days, batch_size=BATCH_ROWS)
    totals: Counter[int] = Counter()
    for row in days:
        totals[row.file_id] += row.downloads
    add_totals(totals)


def _curve_of(file: File, version: DemoVersion, demo: DemoDownload, today: date) -> Curve:
    share = SYSTEM_SHARES.get((file.platform, file.architecture), 1)
    if version.channel != STABLE:
        share *= PRERELEASE_SHARE
    replaced_ago = _replaced_ago(version, demo)
    return Curve(
        daily=demo.daily_downloads * share,
        released=today - timedelta(days=version.days_ago),
        replaced=None if replaced_ago is None else today - timedelta(days=replaced_ago),
        seed=file.filename,
        is_yanked=bool(version.yank_reason),
    )


def _replaced_ago(version: DemoVersion, demo: DemoDownload) -> int | None:
    """Return how many days ago the next stable version was published, or None if there is none."""
    later = [
        other.days_ago
        for other in demo.versions
        if other.days_ago < version.days_ago and other.state == "published" and other.channel == STABLE
    ]
    return max(later, default=None)
