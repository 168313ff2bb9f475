"""The names of channels and states in this dialect."""

from django.db.models import Exists, OuterRef, Q

from files.models import File
from versions.channels import STABLE
from versions.facts import RELEASED
from versions.models import Version
from versions.querysets import VersionQuerySet

TYPES = ("release", "beta", "alpha")
WRITABLE_STATUSES = ("listed", "archived", "draft", "unlisted", "scheduled")
STATUSES = (*WRITABLE_STATUSES, "unknown")
ORDERS = {
    "newest": "-released_at",
    "relevance": "-released_at",
    "updated": "-updated_at",
    "downloads": "-download_count",
}
_PRIVATE = Version.Visibility.PRIVATE
_CHANNELS = {"release": STABLE, "beta": "beta", "alpha": "alpha"}
_BETA = ("rc", "beta")  # clients that follow beta are offered both, and must not be told that they got an alpha
_STATES = {
    "listed": (Version.State.PUBLISHED, Version.Visibility.LISTED),
    "unlisted": (Version.State.PUBLISHED, Version.Visibility.UNLISTED),
    "archived": (Version.State.ARCHIVED, Version.Visibility.LISTED),
    "draft": (Version.State.DRAFT, None),
    "scheduled": (Version.State.SCHEDULED, None),
}
_MEANINGS = {
    "listed": Q(state="published", visibility="listed"),
    "unlisted": Q(state="published", visibility="unlisted"),
    "archived": Q(state="archived") & ~Q(visibility=_PRIVATE),
    "draft": Q(state__in=["draft", "pending"]) | Q(state__in=RELEASED, visibility=_PRIVATE),
    "scheduled": Q(state="scheduled"),
    "unknown": Q(pk__in=[]),
}


def type_of(version: Version) -> str:
    """Return the type of a version. Other channels than stable, rc and beta are shown as alpha."""
    if version.channel == STABLE:
        return "release"
    return "beta" if version.channel in _BETA else "alpha"


def status_of(version: Version) -> str:
    """Return the status of a version. A version that only its team can see is a draft, unless it is scheduled."""
    if version.state == Version.State.SCHEDULED:
        return "scheduled"
    if not version.is_open:
        return "draft"
    return "archived" if version.state == Version.State.ARCHIVED else str(version.visibility)


def channel_of(name: str) -> str:
    """Return the channel that a type, or the name of a channel, stands for."""
    return _CHANNELS.get(name, name)


def state_fields(status: str) -> dict[str, str]:
    """Return the `state` and, if the status determines it, the `visibility` of a version."""
    state, visibility = _STATES[status]
    return {"state": state, "visibility": visibility} if visibility else {"state": state}


def with_status(versions: VersionQuerySet, status: str) -> VersionQuerySet:
    """Return the versions for which `status_of` returns this status."""
    return versions.filter(_MEANINGS[status])


def with_channel(versions: VersionQuerySet, name: str) -> VersionQuerySet:
    """Return the versions for which `type_of` returns this type, or those in the channel with exactly this name."""
    if name == "alpha":
        return versions.exclude(channel__in=[STABLE, *_BETA])
    if name == "beta":
        return versions.filter(channel__in=_BETA)
    return versions.filter(channel=channel_of(name))


def with_platform(versions: VersionQuerySet, platform: str) -> VersionQuerySet:
    return versions.filter(Exists(File.objects.passed().filter(version=OuterRef("pk")).suiting(platform)))
