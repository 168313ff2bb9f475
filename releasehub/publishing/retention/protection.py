"""The versions that a retention rule never deletes, because a link or an update check may lead to them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from downloads.models import AccessKey, Download
from files.models import File
from releasehub.core.ids import as_subquery
from releasehub.publishing.models import RetentionRule
from versions.models import Version
from versions.numbering import InvalidNumber, ceiling
from versions.platforms import fold_architecture, fold_platform

Target = tuple[str, ...]
Targets = frozenset[Target]


class ReleasedRow(NamedTuple):
    """The columns of a released version that decide whether it stays. A run reads millions of them."""

    pk: int
    download_id: int
    number: str
    channel: str
    state: str
    visibility: str
    sort_key: bytes
    platform_keys: list[str]
    is_prerelease: bool
    is_active: bool
    yanked_at: datetime | None
    end_of_support: date | None
    released_at: datetime


class Protection:
    """Decides which versions of one download stay whatever their age is, while they are read from the highest down."""

    def __init__(self, rule: RetentionRule, key_limits: Sequence[bytes]) -> None:
        """Begin with the highest version. Access keys of the download open the versions below `key_limits`."""
        self._rule = rule
        self._today = timezone.now().date()
        self._places = Counter[Any]()
        self._of_keys: list[tuple[bytes, set[Any]]] = [(limit, set()) for limit in key_limits]
        self._channels: set[tuple[str, str]] = set()
        self._yanked: dict[tuple[str, str], int] = {}

    def protects(self, row: ReleasedRow, targets: Targets) -> bool:
        """Return whether the version stays. Call it once for each version, because it counts them.

        Args:
            targets: The systems and the kinds of file names that links to the latest version can name.
        """
        is_listed = row.state == Version.State.PUBLISHED and row.visibility == Version.Visibility.LISTED
        is_offered = is_listed and row.yanked_at is None and bool(targets)
        is_supported = row.end_of_support is not None and row.end_of_support >= self._today
        reasons = [row.is_active, is_supported, self._is_newest_of_channel(row)]
        if is_offered:  # links to the latest version and update checks can find it
            reasons += [self._is_newest_of_line(row, targets), self._is_newest_of_key(row, targets)]
        return any(reasons)

    def protected_last(self) -> set[int]:
        """Return the yanked versions that stay, because no other version of their channel was read."""
        return {pk for channel, pk in self._yanked.items() if channel not in self._channels}

    def _is_newest_of_line(self, row: ReleasedRow, targets: Targets) -> bool:
        """Return whether the version is among the newest of its line and channel for one of its targets.

        Pre-releases and others are counted apart, because a link can ask for the latest version that is not a
        pre-release.
        """
        line, is_newest = line_of(row.number, self._rule.line_parts), False
        for target in targets:
            for place in {(), ("stable",) if not row.is_prerelease else ()}:
                key = (row.channel, line, target, place)
                self._places[key] += 1
                is_newest = is_newest or self._places[key] <= self._rule.keep_newest
        return is_newest

    def _is_newest_of_key(self, row: ReleasedRow, targets: Targets) -> bool:
        """Return whether the version is the newest that an access key with a highest version opens, for a target."""
        places, is_newest = {(row.channel, target) for target in targets}, False
        for limit, seen in self._of_keys:
            if bytes(row.sort_key) < limit and not places <= seen:
                seen |= places
                is_newest = True
        return is_newest

    def _is_newest_of_channel(self, row: ReleasedRow) -> bool:
        """Return whether the version is the newest listed or the newest unlisted one of its channel.

        Otherwise, a download whose versions are all unlisted, yanked or without files would lose every one of them.
        A yanked version counts only if the channel has no other version.
        """
        channel = (row.channel, row.visibility)
        if row.yanked_at is not None:
            self._yanked.setdefault(channel, row.pk)
            return False
        is_newest = channel not in self._channels
        self._channels.add(channel)
        return is_newest


def key_limits_of(downloads: Iterable[Download]) -> dict[int, list[bytes]]:
    """Return the limits of the access keys that have a highest version, by download."""
    schemes = {download.pk: download.version_scheme for download in downloads}
    keys = AccessKey.objects.opening_downloads().filter(download__in=list(schemes)).exclude(highest_number="")
    limits: dict[int, set[bytes]] = {}
    for download_id, number in keys.values_list("download_id", "highest_number"):
        try:
            limits.setdefault(download_id, set()).add(ceiling(number, schemes[download_id]))
        except InvalidNumber:
            continue
    return {pk: sorted(found) for pk, found in limits.items()}


def targets_of(rows: Sequence[ReleasedRow]) -> Mapping[int, Targets]:
    """Return the targets of the files that each version offers. This takes one query."""
    by_id, targets = {row.pk: row for row in rows}, dict.fromkeys((row.pk for row in rows), Targets())
    files = File.objects.passed().filter(version__in=as_subquery(by_id)).order_by()
    for version_id, *values in files.values_list("version_id", "platform", "architecture", "folded_name", "kind"):
        targets[version_id] |= _targets_of_file(by_id[version_id], *values)
    return targets


def line_of(number: str, parts: int) -> str:
    """Return the line of a number as links name it: 1 for 1.4.2, or 1.4 with two parts."""
    return ".".join(number.split(".")[:parts])


def _targets_of_file(version: ReleasedRow, platform: str, architecture: str, name: str, kind: str) -> set[Target]:
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
