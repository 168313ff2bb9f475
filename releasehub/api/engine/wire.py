"""Channels and states as this dialect calls them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from files.models import File
from versions.channels import STABLE
from versions.models import Version
from versions.querysets import RELEASED, VersionQuerySet

TYPES = ("release", "beta", "alpha")
WRITABLE_STATUSES = ("listed", "archived", "draft", "unlisted", "scheduled")
STATUSES = (*WRITABLE_STATUSES, "unknown")
_PRIVATE = Version.Visibility.PRIVATE
_CHANNELS = {"release": STABLE, "beta": "beta", "alpha": "alpha"}
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
    """Every channel that has no name of its own here reads as alpha."""
    return {STABLE: "release", "beta": "beta"}.get(version.channel, "alpha")


def status_of(version: Version) -> str:
    """What only the team sees is a draft, unless its time is set."""
    if version.state == Version.State.SCHEDULED:
        return "scheduled"
    if not version.is_open:
        return "draft"
    return "archived" if version.state == Version.State.ARCHIVED else str(version.visibility)


def channel_named(word: str) -> str:
    """The channel a type or the name of a channel stands for."""
    return _CHANNELS.get(word, word)


def state_fields(status: str) -> dict[str, str]:
    """`state` and, where the status says it, `visibility`."""
    state, visibility = _STATES[status]
    return {"state": state, "visibility": visibility} if visibility else {"state": state}


def with_status(versions: VersionQuerySet, status: str) -> VersionQuerySet:
    """Those that `status_of` calls so."""
    return versions.filter(_MEANINGS[status])


def with_channel(versions: VersionQuerySet, word: str) -> VersionQuerySet:
    """By type as `type_of` reads it, or in the channel of exactly that name."""
    if word == "alpha":
        return versions.exclude(channel__in=[STABLE, "beta"])
    return versions.filter(channel=channel_named(word))


def with_platform(versions: VersionQuerySet, platform: str) -> VersionQuerySet:
    """With a file on offer for that platform."""
    return versions.filter(Exists(File.objects.passed().filter(version=OuterRef("pk")).suiting(platform)))
