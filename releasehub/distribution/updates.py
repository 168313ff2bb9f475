"""Is there something newer for me? And, for the team: why was this version not offered?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, OuterRef

from downloads.models import AccessKey, Download
from downloads.policies import download_policy
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, ErrorCode, Invalid
from releasehub.distribution.latest import latest_version
from versions.channels import offered_to
from versions.models import Version
from versions.numbering import InvalidNumber

MAX_EXPLAINED = 100


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who asks: what is installed (empty: nothing yet), the channel followed (empty: the download's), the system.

    `key`: only versions up to the highest it opens.
    """

    installed: str = ""
    channel: str = ""
    platform: str = ""
    architecture: str = ""
    key: AccessKey | None = None


class Reason(StrEnum):
    DELETED = "deleted"
    NOT_PUBLISHED = "not_published"
    ARCHIVED = "archived"
    NOT_LISTED = "not_listed"
    YANKED = "yanked"
    OTHER_CHANNEL = "other_channel"
    NO_FILE = "no_file"
    ABOVE_KEY = "above_key"


@dataclass(frozen=True)
class LeftOut:
    version: Version
    reasons: list[Reason]


def find_update(download: Download, client: Client) -> Version | None:
    """The newest version for the client, if it is newer than what is installed: as far as that is exact, so 1.4 has
    every 1.4.x.  Errors: Invalid for a version that is none.
    """
    try:
        return latest_version(
            download,
            channel=client.channel,
            platform=client.platform,
            architecture=client.architecture,
            newer_than=client.installed,
            key=client.key,
        )
    except InvalidNumber as error:
        raise Invalid(ErrorCode.VERSION_NUMBER_INVALID, str(error), field="version", reason=error.code) from error


def explain_update(actor: Actor, download: Download, client: Client, found: Version | None) -> list[LeftOut]:
    """Versions above the answer that were not offered, the greatest first, at most 100; two queries.

    Errors: Denied for who is not of the team.
    """
    if not download_policy.is_insider(actor, download):
        raise Denied("Only the team of a download is told which versions were left out.")
    files = File.objects.passed().filter(version=OuterRef("pk")).suiting(client.platform, client.architecture)
    rows = Version.all_objects.filter(download=download).annotate(has_file=Exists(files))
    if found is not None:
        rows = rows.filter(sort_key__gt=found.sort_key)
    elif client.installed:
        rows = rows.newer_than(client.installed, download.version_scheme)
    return [
        LeftOut(row, list(_reasons(row, client, download))) for row in rows.order_by("-sort_key", "-id")[:MAX_EXPLAINED]
    ]


def _reasons(row: Version, client: Client, download: Download) -> Iterator[Reason]:
    if row.is_deleted:
        yield Reason.DELETED
    if not row.is_released:
        yield Reason.NOT_PUBLISHED
    if row.state == Version.State.ARCHIVED:
        yield Reason.ARCHIVED
    if row.visibility != Version.Visibility.LISTED:
        yield Reason.NOT_LISTED
    if row.is_yanked:
        yield Reason.YANKED
    if row.channel not in offered_to(client.channel or download.default_channel):
        yield Reason.OTHER_CHANNEL
    if not row.has_file:  # type: ignore[attr-defined]
        yield Reason.NO_FILE
    if client.key is not None and not row.is_allowed_by(client.key):
        yield Reason.ABOVE_KEY
