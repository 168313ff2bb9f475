"""Check what the feeds of a download offer to each system, for the team."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from downloads.models import Download
from files.inspection.app_image import ENDING
from files.models import File
from files.names import fold_name
from releasehub.core.actor import Actor
from releasehub.distribution import zsync
from releasehub.distribution.feeds.electron_files import INSTALLED, LINUX, MACOS, WINDOWS
from releasehub.distribution.feeds.resolver import BLOCK_MAP, FeedOffer, find_electron_offer
from releasehub.distribution.offers import System

ELECTRON_FEEDS = {
    "latest": System(WINDOWS),
    "latest-mac": System(MACOS),
    "latest-linux": System(LINUX, "x64"),
    "latest-linux-arm64": System(LINUX, "arm64"),
}


@dataclass(frozen=True)
class FeedCheck:
    """A feed of electron-updater and the version in it. `needed` are the endings of files that it needs."""

    name: str
    system: System
    offer: FeedOffer | None

    @property
    def needed(self) -> str:
        return ", ".join(INSTALLED[self.system.platform])

    @property
    def main_file(self) -> File | None:
        return self.offer.files[0] if self.offer else None

    @property
    def has_block_map(self) -> bool:
        """Return whether updates of the main file can be downloaded by blocks."""
        file = self.main_file
        if self.offer is None or file is None:
            return False
        is_next_to_it = fold_name(f"{file.filename}{BLOCK_MAP}") in self.offer.block_map_names
        return is_next_to_it or bool(file.blob and file.blob.block_map_bytes)


@dataclass(frozen=True)
class AppImageCheck:
    """An AppImage of the newest version.

    Attributes:
        advice: The update information that makes it find its updates on this hub.
        leads_here: Whether the update information in the file names a download link of this download.
    """

    file: File
    advice: str
    leads_here: bool

    @property
    def information(self) -> str:
        return self.file.blob.update_information if self.file.blob else ""


def check_electron_feeds(actor: Actor, download: Download, channel: str) -> list[FeedCheck]:
    return [
        FeedCheck(name, system, find_electron_offer(actor, download, channel, system))
        for name, system in ELECTRON_FEEDS.items()
    ]


def check_app_images(
    base_url: str, download: Download, channel: str, checks: Iterable[FeedCheck]
) -> Iterator[AppImageCheck]:
    """Yield the AppImages that the feeds offer, with the update information that they have and should have."""
    links = f"{base_url}/d/{download.slug}/"
    for offer in (check.offer for check in checks if check.offer and check.system.platform == LINUX):
        for file in offer.files:
            if file.folded_name.endswith(ENDING):
                name = zsync.without_number(file.filename, offer.version.number)
                advice = f"zsync|{links}channel/{channel}/{name}{zsync.ENDING}"
                information = file.blob.update_information if file.blob else ""
                yield AppImageCheck(file, advice, links in information)
