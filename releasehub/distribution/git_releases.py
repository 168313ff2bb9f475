"""Versions as the releases of a Git host: which of them the caller sees, and which one is the latest."""

from functools import lru_cache
from typing import Any

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.querysets import first_or_not_found
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.latest import TooNew, latest_version
from releasehub.distribution.permalinks import find_tagged_version
from versions.channels import offered_to
from versions.cooldown import Cooldown
from versions.facts import RELEASED
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import VersionQuerySet, listed_total

NEWEST_FIRST = ("-created_at", "-id")
UNUSED_COLUMNS = ("package_manifest",)  # releases of Git hosts do not have it


def is_private(download: Download) -> bool:
    """Return whether anonymous visitors cannot see the download. Its category should be loaded."""
    return not download_policy.is_open_to(Actor(), download)


def sees_drafts(actor: Actor, download: Download) -> bool:
    """Return whether the actor may publish releases. As on Git hosts, only such actors see drafts."""
    return download_policy.can_post_version(actor, download)


def releases_of(actor: Actor, download: Download) -> VersionQuerySet:
    """Return the releases that lists show to the actor, the newest creation first."""
    rows: VersionQuerySet = Version.objects.listed_in(actor, download)
    if not sees_drafts(actor, download):
        rows = rows.listed()
    return rows.order_by(*NEWEST_FIRST)


def first_releases_of(actor: Actor, download: Download, length: int) -> list[Version]:
    """Return the first rows of `releases_of`, which clients poll, without the columns that releases do not have."""
    shows_drafts = sees_drafts(actor, download) and download_policy.reads_inside(actor, download)
    return _first_releases(length, shows_drafts).rows(download=download.pk)


@lru_cache(maxsize=200)
def _first_releases(length: int, shows_drafts: bool) -> SqlTemplate[Version]:
    """Return the template of the first rows. Their number is a part of the SQL text."""

    def build(download: int) -> Any:
        rows = Version.objects.filter(download=download)
        rows = rows.alive() if shows_drafts else rows.listed()
        return rows.order_by(*NEWEST_FIRST).defer(*UNUSED_COLUMNS)[:length]

    return SqlTemplate(build, download=SAMPLE_ID)


def published_releases_of(actor: Actor, download: Download) -> VersionQuerySet:
    """Return the releases of the list that are no drafts."""
    return releases_of(actor, download).filter(state__in=RELEASED)


def release_total(actor: Actor, download: Download) -> int:
    """Return how many rows `releases_of` has, from the counts that are stored on the download, without a query."""
    return listed_total(actor, download) if sees_drafts(actor, download) else download.listed_version_count


def find_release(actor: Actor, download: Download, pk: int) -> Version:
    """Return the release with this id, a draft only to those who see drafts."""
    version: Version = first_or_not_found(Version.objects.select_related("author").filter(download=download, pk=pk))
    version.download = download
    if not is_visible(actor, version):
        raise NotFound
    return version


def is_visible(actor: Actor, version: Version) -> bool:
    if not version_policy.can_view(actor, version):
        return False
    return version.is_released or sees_drafts(actor, version.download)


def find_published(actor: Actor, download: Download, tag: str) -> Version:
    """Return the published release with this tag; a draft does not count, not even for its author.

    Raises:
        Gone: The release was public and is deleted.
        NotFound: There is no such release, or the actor may not see it.
    """
    version = find_tagged_version(actor, download, tag)
    if not version.is_released:
        raise NotFound
    return version


def find_latest(download: Download, cooldown: Cooldown | None = None) -> Version:
    """Return the release that clients of the default channel are offered: the highest version, not the newest date.

    As long as no version offers a file, the highest one without files is returned.

    Raises:
        NotFound: No version is offered.
        TooNew: None is old enough for the cooldown.
    """
    version = _latest(download, cooldown)
    if version is None and cooldown and (newest := _latest(download)):
        raise TooNew(newest, cooldown)
    if version is None:
        raise NotFound
    return version


def _latest(download: Download, cooldown: Cooldown | None = None) -> Version | None:
    return latest_version(download, cooldown=cooldown) or _latest_without_files(download, cooldown)


def _latest_without_files(download: Download, cooldown: Cooldown | None) -> Version | None:
    channels = offered_to(download.default_channel)
    rows = Version.objects.offerable().filter(download=download, channel__in=channels)
    version: Version | None = rows.after_cooldown(cooldown).of_newest_first().first()
    if version is not None:
        version.download = download
    return version
