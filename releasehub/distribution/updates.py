"""Update checks: find a newer version for a client, and explain to the team why versions were not offered."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Exists, OuterRef

from downloads.models import AccessKey, Download
from downloads.policies import download_policy
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, ErrorCode, Invalid
from releasehub.distribution.latest import latest_version
from versions.channels import offered_to
from versions.cooldown import Cooldown
from versions.models import Version
from versions.numbering import InvalidNumber

MAX_EXPLAINED = 100


@dataclass(frozen=True, kw_only=True)
class Client:
    """The client of an update check: its installed version, channel and system. Empty fields use the defaults.

    `key`: only versions up to the highest it opens. `client_id`: the ID that decides about staged rollouts.
    `cooldown`: only versions that have been public for that long.
    """

    installed: str = ""
    channel: str = ""
    platform: str = ""
    architecture: str = ""
    key: AccessKey | None = None
    client_id: str = ""
    cooldown: Cooldown | None = None


class RejectionReason(StrEnum):
    """A reason why a version was not offered to a client."""

    DELETED = "deleted"
    NOT_PUBLISHED = "not_published"
    ARCHIVED = "archived"
    NOT_LISTED = "not_listed"
    YANKED = "yanked"
    OTHER_CHANNEL = "other_channel"
    NO_FILE = "no_file"
    ABOVE_KEY = "above_key"
    OUTSIDE_ROLLOUT = "outside_rollout"
    TOO_NEW = "too_new"


@dataclass(frozen=True)
class RejectedVersion:
    """A version that was not offered, and all the reasons for it."""

    version: Version
    reasons: list[RejectionReason]


def find_update(download: Download, client: Client, actor: Actor | None = None) -> Version | None:
    """Return the newest version for the client if it is newer than the installed one, else None.

    With an anonymous `actor`, the version may come from the cache for anonymous visitors.

    An installed version of 1.4 counts as every 1.4.x. A client outside the rollout of a version is offered the next
    lower one that it may have.

    Raises:
        Invalid: The installed version is not a version number.
    """
    try:
        return latest_version(
            download,
            channel=client.channel,
            platform=client.platform,
            architecture=client.architecture,
            newer_than=client.installed,
            key=client.key,
            accepts=lambda row: row.is_rolled_out_to(client.client_id),
            cooldown=client.cooldown,
            actor=actor,
        )
    except InvalidNumber as error:
        raise Invalid(str(error), field="version", reason=error.code, code=ErrorCode.VERSION_NUMBER_INVALID) from error


def find_held_back(download: Download, client: Client, update: Version | None) -> Version | None:
    """Return the version that the client would be offered without its cooldown, or None if it misses nothing."""
    if client.cooldown is None:
        return None
    newest = find_update(download, replace(client, cooldown=None))
    return None if newest == update else newest


def explain_update(actor: Actor, download: Download, client: Client, update: Version | None) -> list[RejectedVersion]:
    """Return up to 100 versions above the offered one, highest first, with the reason why each was not offered.

    Raises:
        Denied: The actor is not on the download's team.
    """
    if not download_policy.is_insider(actor, download):
        raise Denied(
            "Only members of the team of the download can see which versions were skipped. Sign in as a "
            "member, or leave out explain."
        )
    files = File.objects.passed().filter(version=OuterRef("pk")).suiting(client.platform, client.architecture)
    rows = Version.all_objects.filter(download=download).visible_to(actor).annotate(has_file=Exists(files))
    if update is not None:
        rows = rows.filter(sort_key__gt=update.sort_key)
    elif client.installed:
        rows = rows.newer_than(client.installed, download.version_scheme)
    return [
        RejectedVersion(row, list(_reasons(row, client, download)))
        for row in rows.order_by("-sort_key", "-id")[:MAX_EXPLAINED]
    ]


def _reasons(row: Version, client: Client, download: Download) -> Iterator[RejectionReason]:
    """Yield every reason why the version is not offered. The conditions mirror the filters of `latest_version`."""
    if row.is_deleted:
        yield RejectionReason.DELETED
    if not row.is_released:
        yield RejectionReason.NOT_PUBLISHED
    if row.state == Version.State.ARCHIVED:
        yield RejectionReason.ARCHIVED
    if row.visibility != Version.Visibility.LISTED:
        yield RejectionReason.NOT_LISTED
    if row.is_yanked:
        yield RejectionReason.YANKED
    if row.channel not in offered_to(client.channel or download.default_channel):
        yield RejectionReason.OTHER_CHANNEL
    if not row.has_file:  # type: ignore[attr-defined]
        yield RejectionReason.NO_FILE
    if client.key is not None and not row.is_allowed_by(client.key):
        yield RejectionReason.ABOVE_KEY
    if not row.is_rolled_out_to(client.client_id):
        yield RejectionReason.OUTSIDE_ROLLOUT
    if client.cooldown is not None and not client.cooldown.lets_through(row.public_since, row.is_security_release):
        yield RejectionReason.TOO_NEW
