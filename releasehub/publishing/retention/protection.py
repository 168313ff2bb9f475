"""The versions that a retention rule never deletes, because a link or an update check may lead to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from downloads.models import AccessKey, Download
from files.models import File
from releasehub.publishing.models import RetentionRule
from versions.models import Version
from versions.numbering import InvalidNumber, ceiling
from versions.platforms import fold_architecture, fold_platform

Target = tuple[str, ...]
COLUMNS = (
    *("id", "number", "channel", "sort_key", "state", "visibility", "yanked_at", "is_active", "end_of_support"),
    *("is_prerelease", "platform_keys", "released_at", "published_at", "download_id", "title", "deleted_at", "is_twin"),
)


@dataclass
class Inventory:
    """The released versions of a download, the highest first, and what their passed files are for.

    Attributes:
        targets: For each version, the systems and the kinds of file names that links to the latest version can name.
        highest_numbers: The highest versions that access keys of the download open.
    """

    download: Download
    versions: list[Version] = field(default_factory=list)
    targets: dict[int, set[Target]] = field(default_factory=lambda: defaultdict(set))
    highest_numbers: set[str] = field(default_factory=set)

    def offered(self) -> Iterable[Version]:
        """Return the versions that links to the latest version and update checks can find."""
        for version in self.versions:
            is_listed = version.state == Version.State.PUBLISHED and version.visibility == Version.Visibility.LISTED
            if is_listed and not version.is_yanked and self.targets[version.pk]:
                yield version


def take_inventories(downloads: Sequence[Download]) -> list[Inventory]:
    """Return the inventories of the downloads. The number of queries does not depend on the number of downloads."""
    inventories = {download.pk: Inventory(download) for download in downloads}
    rows = Version.objects.released().filter(download__in=downloads).only(*COLUMNS)
    by_id = {}
    for version in rows.order_by("download", "-sort_key", "is_twin", "-id"):
        version.download = inventories[version.download_id].download
        inventories[version.download_id].versions.append(version)
        by_id[version.pk] = version
    files = File.objects.passed().filter(version__in=rows.order_by().values("pk")).order_by()
    for version_id, *values in files.values_list("version_id", "platform", "architecture", "folded_name", "kind"):
        if (owner := by_id.get(version_id)) is not None:  # None: the version was published since the first query
            inventories[owner.download_id].targets[version_id].update(_targets_of(owner, *values))
    keys = AccessKey.objects.opening_downloads().filter(download__in=downloads).exclude(highest_number="")
    for download_id, number in keys.values_list("download_id", "highest_number"):
        inventories[download_id].highest_numbers.add(number)
    return list(inventories.values())


def protected_ids(rule: RetentionRule, inventory: Inventory) -> set[int]:
    """Return the versions that stay whatever their age is."""
    today = timezone.now().date()
    kept = {version.pk for version in inventory.versions if version.is_active}
    kept |= {row.pk for row in inventory.versions if row.end_of_support and row.end_of_support >= today}
    return kept | _newest_of_lines(rule, inventory) | _newest_of_keys(inventory) | _newest_of_channels(inventory)


def line_of(number: str, parts: int) -> str:
    """Return the line of a number as links name it: 1 for 1.4.2, or 1.4 with two parts."""
    return ".".join(number.split(".")[:parts])


def _newest_of_lines(rule: RetentionRule, inventory: Inventory) -> set[int]:
    """Return the newest versions of each line and channel for each target.

    Pre-releases and others are counted apart, because a link can ask for the latest version that is not a pre-release.
    """
    kept, places = set(), Counter[Any]()
    for version in inventory.offered():
        line = line_of(version.number, rule.line_parts)
        for target in inventory.targets[version.pk]:
            for place in {(), ("stable",) if not version.is_prerelease else ()}:
                key = (version.channel, line, target, place)
                places[key] += 1
                if places[key] <= rule.keep_newest:
                    kept.add(version.pk)
    return kept


def _newest_of_channels(inventory: Inventory) -> set[int]:
    """Return the newest listed and the newest unlisted version of each channel, whether links can find it or not.

    Otherwise, a download whose versions are all unlisted, yanked or without files would lose every one of them.
    A yanked version counts only if there is no other.
    """
    newest: dict[tuple[str, str], int] = {}
    for version in sorted(inventory.versions, key=lambda row: row.is_yanked):
        newest.setdefault((version.channel, version.visibility), version.pk)
    return set(newest.values())


def _newest_of_keys(inventory: Inventory) -> set[int]:
    """Return the newest versions that access keys with a highest version open, in each channel for each target."""
    kept = set()
    for number in inventory.highest_numbers:
        try:
            limit = ceiling(number, inventory.download.version_scheme)
        except InvalidNumber:
            continue
        seen: set[Any] = set()
        for version in inventory.offered():
            places = {(version.channel, target) for target in inventory.targets[version.pk]} - seen
            if bytes(version.sort_key) < limit and places:
                kept.add(version.pk)
                seen |= places
    return kept


def _targets_of(version: Version, platform: str, architecture: str, name: str, kind: str) -> set[Target]:
    """Return the targets of one file: its systems, and its name without what changes from version to version."""
    is_general = not platform and kind == File.FileKind.PACKAGE
    platforms = version.platform_keys or [""] if is_general else [platform]
    systems = {("system", fold_platform(item), fold_architecture(architecture)) for item in platforms}
    return {*systems, ("name", lasting_name(name, version.number))}


def lasting_name(name: str, number: str) -> str:
    """Return a file name with the version number and other changing parts replaced, such as `tool-#.zip`.

    `latest/setup.exe` leads to the newest version with a file of that name. A name that contains the number is new in
    every version, so that no such link lasts; without this replacement, no version with such a file could ever go.
    """
    text = name.replace(number.lower(), "#")
    words = "".join(char if char.isalnum() else " " for char in text).split()
    return "-".join("#" if any(char.isdigit() for char in word) else word for word in words)
