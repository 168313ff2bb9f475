"""Find the version and the files that a feed offers, with the rules of update checks."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from downloads.models import Download
from files.models import File
from releasehub.core.actor import Actor
from releasehub.distribution.feeds.electron_files import in_feed_order, installable, listed
from releasehub.distribution.feeds.semver import semver_of
from releasehub.distribution.latest import latest_version, offered_versions
from releasehub.distribution.offers import System
from releasehub.distribution.presented_keys import presented_key
from versions.cooldown import Cooldown
from versions.models import Version

BLOCK_MAP = ".blockmap"
MAX_NOTES = 20


@dataclass(frozen=True)
class FeedOffer:
    """A version with a number that the clients can read, and its files for one system, the main one first.

    `block_map_names` are the folded names of the block maps that lie next to the files.
    """

    version: Version
    number: str
    files: Sequence[File]
    block_map_names: frozenset[str] = frozenset()

    @property
    def number_in_links(self) -> str:
        """The number for links to the files.

        electron-updater finds the older block map by replacing the number of the feed in the link, so that the link has
        to contain that number.
        """
        return self.version.number if self.number in self.version.number else self.number


def find_electron_offer(
    actor: Actor, download: Download, channel: str, system: System, cooldown: Cooldown | None = None
) -> FeedOffer | None:
    """Return the newest version that electron-updater can install on the system, or None.

    A system whose file is missing or still being checked stays at the version before. An access key that opens versions
    up to a number is offered no version above.
    """
    version = latest_version(
        download,
        channel=channel,
        platform=system.platform,
        having=installable(system),
        key=presented_key(actor, download.pk),
        cooldown=cooldown,
        accepts=lambda row: bool(semver_of(row.number)),
    )
    if version is None:
        return None
    is_listed = listed(system)
    rows = File.objects.passed().filter(version=version)
    suiting = rows.suiting(system.platform).filter(is_listed)
    # One query for both: the block maps tell which of several installers electron-builder has made for updates.
    named = list(
        rows.filter(Q(pk__in=suiting.order_by().values("pk")) | Q(folded_name__endswith=BLOCK_MAP)).select_related(
            "blob"
        )
    )
    block_maps = frozenset(file.folded_name for file in named if file.folded_name.endswith(BLOCK_MAP))
    files = in_feed_order((file for file in named if not file.folded_name.endswith(BLOCK_MAP)), block_maps)
    for file in files:
        file.version = version
    return FeedOffer(version, semver_of(version.number), files, block_maps)


def notes_below(actor: Actor, download: Download, channel: str, system: System, offer: FeedOffer) -> list[Version]:
    """Return the offered version and the next lower ones that the same clients were offered, for a list of notes."""
    rows = offered_versions(
        download,
        channel=channel,
        platform=system.platform,
        having=installable(system),
        key=presented_key(actor, download.pk),
    )
    return list(rows.filter(sort_key__lte=offer.version.sort_key)[:MAX_NOTES])
