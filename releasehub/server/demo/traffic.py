"""Invented downloads of the demo files over time, so that the statistics of a fresh demo show something."""

from collections import Counter
from datetime import date, timedelta

from django.utils import timezone

from downloads.models import Download
from files.models import DownloadDay, File
from releasehub.distribution.counting import add_totals
from releasehub.server.demo.catalog import DemoDownload, DemoVersion
from releasehub.server.demo.curves import PRERELEASE_SHARE, SYSTEM_SHARES, Curve

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
