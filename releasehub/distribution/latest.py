"""Find the latest version of a download. Versions are compared by number, never by date."""

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, TypedDict, Unpack

from django.db.models import Exists, OuterRef, Q

from downloads.models import AccessKey, Download
from files.models import File
from files.names import fold_name
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import NotFound
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from versions.channels import offered_to
from versions.cooldown import Cooldown
from versions.models import Version
from versions.numbering import ceiling
from versions.querysets import VersionQuerySet

MAX_TRIED = 50
FREQUENT_CONDITIONS = {"channel", "platform", "architecture", "newer_than"}


class TooNew(NotFound):
    """The client is offered nothing, and would be offered `newest` if it had no cooldown."""

    def __init__(self, newest: Version, cooldown: Cooldown) -> None:
        super().__init__(
            f"No version has been public for {cooldown.text} yet. The newest one is {newest.number}. Try again later, "
            "or ask without a minimum age."
        )


class Conditions(TypedDict, total=False):
    """The conditions of `offered_versions`."""

    channel: str
    platform: str
    architecture: str
    line: str
    filename: str
    having: Q | None
    newer_than: str
    key: AccessKey | None
    stable_only: bool
    cooldown: Cooldown | None


def candidates(
    *, platform: str = "", architecture: str = "", filename: str = "", having: Q | None = None
) -> VersionQuerySet:
    """Return the offerable versions that have a validated file for the given system.

    `filename` is folded. `having` is one more condition that the file has to meet.
    """
    files = File.objects.passed().filter(version=OuterRef("pk")).suiting(platform, architecture)
    if filename:
        files = files.filter(folded_name=filename)
    if having is not None:
        files = files.filter(having)
    return Version.objects.offerable().filter(Exists(files))


def latest_version(
    download: Download,
    *,
    accepts: Callable[[Version], bool] | None = None,
    actor: Actor | None = None,
    **conditions: Unpack[Conditions],
) -> Version | None:
    """Return the highest version of `offered_versions`, which has the conditions.

    `accepts` decides what a query cannot decide. It is asked about the `MAX_TRIED` highest versions at most. With an
    anonymous `actor`, the version may come from the cache for anonymous visitors.

    Raises:
        InvalidNumber: `newer_than` is not a version number.
    """
    version = _highest(download, actor, **conditions)
    if version is not None and accepts is not None and not accepts(version):
        rows = offered_versions(download, **conditions)
        version = next((row for row in rows[1:MAX_TRIED] if accepts(row)), None)
    if version is not None:
        version.download = download
    return version


def _highest(download: Download, actor: Actor | None, **conditions: Unpack[Conditions]) -> Version | None:
    """Return the first of `offered_versions`. The usual update check, with no other conditions, has a template."""
    given = {name: value for name, value in conditions.items() if value}
    if not given.keys() <= FREQUENT_CONDITIONS:
        return offered_versions(download, **conditions).first()
    at_least = given.pop("newer_than", "")
    followed = (str(given.pop("channel", "")) or download.default_channel).lower()
    channels, lowest = tuple(offered_to(followed)), _lowest(download, str(at_least))
    if actor is None or not actor.is_anonymous:
        values = {"at_least": lowest} if lowest else {}
        return _template(channels, bool(lowest), **given).first(download=download.pk, **values)
    # Clients with different versions follow the same newest version, so the cached row is the one for all of them.
    key_parts = ("newest", str(download.pk), *channels, repr(sorted(given.items())))
    version = cached_row(actor, key_parts, lambda: _template(channels, False, **given).first(download=download.pk))
    return version if version is not None and bytes(version.sort_key) >= lowest else None


def _lowest(download: Download, installed: str) -> bytes:
    """Return the lowest sort key of the versions that are newer than the installed one. All keys are above b""."""
    return ceiling(installed, download.version_scheme) if installed else b""


@lru_cache(maxsize=100)
def _template(channels: tuple[str, ...], has_minimum: bool, **files: Any) -> SqlTemplate[Version]:
    """Return the SQL template for clients of one system, whose names are part of the query."""
    samples = {"at_least": b"a sort key"} if has_minimum else {}
    return SqlTemplate(
        lambda download, at_least=b"": _newest(channels, download, at_least=at_least, **files)[:1],
        download=SAMPLE_ID,
        **samples,
    )


def offered_versions(
    download: Download,
    *,
    channel: str = "",
    platform: str = "",
    architecture: str = "",
    line: str = "",
    filename: str = "",
    having: Q | None = None,
    newer_than: str = "",
    key: AccessKey | None = None,
    stable_only: bool = False,
    cooldown: Cooldown | None = None,
) -> VersionQuerySet:
    """Return the versions on `channel`, or on the default channel of the download, highest first.

    `line`: only 1.x or 1.4.x, given as "1" or "1.4". `filename`: only versions with a file of that name.
    `having`: only versions with a file that meets this condition and suits the system.
    `newer_than`: the version somebody has, whole or cut (1.4). `key`: only what it opens.
    `stable_only`: no pre-releases. `cooldown`: only versions that have been public for that long.

    Raises:
        InvalidNumber: `newer_than` is not a version number.
    """
    followed = (channel or download.default_channel).lower()
    filters: dict[str, Any] = {"platform": platform, "architecture": architecture}
    filters |= {"filename": fold_name(filename) if filename else ""}
    filters |= {"at_least": ceiling(newer_than, download.version_scheme) if newer_than else b""}
    filters |= {"below": ceiling(key.highest_number, download.version_scheme) if key and key.highest_number else b""}
    filters |= {"having": having}
    filters = {name: value for name, value in filters.items() if value}
    rows = _newest(offered_to(followed), download.pk, **filters)
    if line:
        rows = rows.filter(Q(number=line) | Q(number__startswith=f"{line}."))
    if stable_only:
        rows = rows.filter(is_prerelease=False)
    return rows.after_cooldown(cooldown)


def newest_version(download: Download, **conditions: Unpack[Conditions]) -> Version:
    """Return the version that `latest_version` finds with these conditions.

    Raises:
        NotFound: No version meets the conditions.
        TooNew: Such a version exists, but it is too new for the cooldown.
        InvalidNumber: `newer_than` is not a version number.
    """
    if version := latest_version(download, **conditions):
        return version
    cooldown = conditions.pop("cooldown", None)
    if cooldown and (newest := latest_version(download, **conditions)):
        raise TooNew(newest, cooldown)
    raise NotFound


def twin_for(version: Version | None, platform: str) -> Version | None:
    """Return the offered version with the same number for the platform, or the version itself if there is none."""
    # Nearly all versions suit every system, and need no query.
    if version is None or not platform or version.suits(platform):
        return version
    place = {"download": version.download, "channel": version.channel, "sort_key": version.sort_key}
    twin: Version | None = candidates(platform=platform).filter(**place).suiting(platform).first()
    if twin is None:
        return version
    twin.download = version.download
    return twin


def _newest(
    channels: Collection[str], download: int, *, at_least: bytes = b"", below: bytes = b"", **files: Any
) -> VersionQuerySet:
    """Return versions with sort keys from `at_least` to below `below`. See `versions.numbering.ceiling`."""
    rows = candidates(**files).filter(download=download, channel__in=channels)
    if at_least:
        rows = rows.filter(sort_key__gte=at_least)
    if below:
        rows = rows.filter(sort_key__lt=below)
    return rows.of_newest_first(files.get("platform", ""))
