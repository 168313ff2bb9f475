"""The versions of a download for the pages that list them: filters, the choices of the filters, and ranges."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.db.models import Exists, OuterRef, Q

from downloads.models import Download
from downloads.policies import download_policy
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from versions.facts import RELEASED
from versions.models import Version
from versions.numbering import InvalidNumber
from versions.platforms import fold_platform
from versions.querysets import VersionQuerySet

MAX_RECENT = 5
MAX_COMPARABLE = 200  # options of one form field
MAX_CHANNELS = 100
MAX_EXAMINED = 500  # versions whose files are examined for platforms


class VersionState(StrEnum):
    """The states by which visitors filter a list. Every version has one of them."""

    CURRENT = "current"
    PRERELEASE = "pre-release"
    YANKED = "yanked"
    ARCHIVED = "archived"
    UNPUBLISHED = "unpublished"


_STATE_CONDITIONS = {
    VersionState.CURRENT: Q(state="published", yanked_at__isnull=True, is_prerelease=False),
    VersionState.PRERELEASE: Q(state="published", yanked_at__isnull=True, is_prerelease=True),
    VersionState.YANKED: Q(yanked_at__isnull=False),
    VersionState.ARCHIVED: Q(state="archived", yanked_at__isnull=True),
    VersionState.UNPUBLISHED: ~Q(state__in=RELEASED) & Q(yanked_at__isnull=True),
}


@dataclass(frozen=True)
class HistoryFilter:
    """Criteria for a list of versions. An empty one selects every version."""

    channel: str = ""
    platform: str = ""
    state: VersionState | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.channel or self.platform or self.state)


def history_of(actor: Actor, download: Download, wanted: HistoryFilter = HistoryFilter()) -> VersionQuerySet:
    """Return the versions that lists show to the actor and that match the filter, the highest number first."""
    rows: VersionQuerySet = Version.objects.listed_in(actor, download)
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel.lower())
    if wanted.platform:
        rows = rows.filter(Exists(File.objects.passed().filter(version=OuterRef("pk")).suiting(wanted.platform)))
    if wanted.state:
        rows = rows.filter(_STATE_CONDITIONS[wanted.state])
    return rows.order_by("-sort_key", "-id")


def recent_versions(actor: Actor, download: Download) -> list[Version]:
    """Return the versions with the highest numbers, with their download."""
    versions = _recent(download_policy.reads_inside(actor, download)).rows(download=download.pk)
    for version in versions:
        version.download = download
    return versions


@cache
def _recent(reads_inside: bool) -> SqlTemplate[Version]:
    """Return the SQL template of the first rows of `history_of`, which every page of a download shows."""

    def build(download: int) -> VersionQuerySet:
        rows = Version.objects.filter(download=download)
        rows = rows.alive() if reads_inside else rows.listed()
        newest: VersionQuerySet = rows.order_by("-sort_key", "-id")[:MAX_RECENT]
        return newest

    return SqlTemplate(build, download=SAMPLE_ID)


def states_for(actor: Actor, download: Download) -> list[VersionState]:
    """Return the states that the actor can filter by. Only the team sees versions that are not published."""
    is_insider = download_policy.reads_inside(actor, download)
    return [state for state in VersionState if is_insider or state != VersionState.UNPUBLISHED]


def channels_in(actor: Actor, download: Download) -> dict[str, str]:
    """Return the channels of the versions that lists show to the actor, with their spelling for people."""
    return Version.objects.listed_in(actor, download).channels(MAX_CHANNELS)


def platforms_in(actor: Actor, download: Download) -> list[str]:
    """Return the platforms that the files of the newest versions name, each under one spelling."""
    # The limit keeps PostgreSQL from reading the files of the whole hub.
    newest = history_of(actor, download).values("pk")[:MAX_EXAMINED]
    rows = File.objects.passed().filter(version__in=newest).exclude(platform="").order_by()
    return sorted({fold_platform(name) for name in rows.values_list("platform", flat=True).distinct()})


def comparable_versions(actor: Actor, download: Download) -> list[Version]:
    """Return the newest versions that can be chosen for a comparison, without their texts."""
    rows = history_of(actor, download).only("public_id", "number", "channel", "channel_name", "download")
    return list(rows[:MAX_COMPARABLE])


def versions_named(actor: Actor, download: Download, names: set[str]) -> dict[str, Version]:
    """Return the versions by number or public ID. The default channel wins if several versions share a number."""
    rows = history_of(actor, download).filter(Q(public_id__in=names) | Q(number__in=names))
    found: dict[str, Version] = {}
    for version in sorted(rows, key=lambda row: (row.channel == download.default_channel, not row.is_twin)):
        version.download = download
        found |= {version.number: version, version.public_id: version}
    return {name: found[name] for name in names if name in found}


def versions_between(rows: VersionQuerySet, before: Version, after: Version) -> VersionQuerySet:
    """Return the rows with a higher number than `before`, up to that of `after`."""
    return rows.filter(sort_key__gt=before.sort_key, sort_key__lte=after.sort_key)


def versions_since(rows: VersionQuerySet, number: str, scheme: str) -> VersionQuerySet | None:
    """Return the rows that are newer than a number, or None if the text is not a version number."""
    try:
        return rows.newer_than(number, scheme)
    except InvalidNumber:
        return None
