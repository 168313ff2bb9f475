"""The owners of a version number: the versions that have it now, and those that had it in public before."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from downloads.models import Download
from versions.models import PublicNumber, Version
from versions.numbering import sort_key_of
from versions.platforms import platform_spellings


@dataclass
class Holder:
    """The owner of a version number in one channel, for one set of platforms.

    Attributes:
        version: The version, or None if it was hard-deleted.
        channel: The channel in which it has the number.
        is_twin: Whether it shares the number with an earlier version for other platforms.
        was_public: Whether it had the number in public.
        was_open: Whether everyone could see it at that time.
        order: Position among the holders that are otherwise equal.
    """

    version: Version | None
    channel: str
    is_twin: bool
    was_public: bool = False
    was_open: bool = False
    reason: str = ""
    order: int = 0


def holders_of(download: Download, number: str, channel: str, platform: str) -> list[Holder]:
    """Return the owners of the number in each channel, in the order in which a link tries them.

    The default channel comes first, then the first version with the number before those for other platforms, then
    channels in which the number was public, in the order of their publication.
    """
    same = Q(number=number)
    if (key := sort_key_of(number, download.version_scheme)) is not None:
        same |= Q(sort_key=key)
    same &= Q(download=download, channel=channel) if channel else Q(download=download)
    holders: dict[tuple[str, int], Holder] = {}
    # A version that had the number in public and still has it counts as public, so those come first.
    for holder in (*_past_holders(same, platform), *_present_holders(same, platform)):
        holders.setdefault((holder.channel, holder.version.pk if holder.version else -holder.order), holder)
    for holder in holders.values():
        if holder.version is not None:
            holder.version.download = download
    return sorted(
        holders.values(),
        key=lambda holder: (
            holder.channel != download.default_channel,
            holder.is_twin,
            not holder.was_public,
            holder.order,
        ),
    )


def _past_holders(same: Q, platform: str) -> Iterator[Holder]:
    for past in PublicNumber.objects.filter(same).select_related("version").order_by("pk"):
        if not platform or not past.platform or past.platform in platform_spellings(platform):
            yield Holder(
                past.version,
                past.channel,
                past.is_twin,
                was_public=True,
                was_open=past.was_open,
                reason=past.reason,
                order=past.pk,
            )


def _present_holders(same: Q, platform: str) -> Iterator[Holder]:
    for version in Version.all_objects.filter(same):
        if not platform or version.suits(platform):
            yield Holder(version, version.channel, version.is_twin, order=version.pk)
