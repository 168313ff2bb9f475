"""List, add and remove the publishers of a download: its owner, and the team members with every flag.

A download always keeps at least one publisher.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from downloads.models import Download, TeamMember
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from downloads.services.ownership import hand_over
from downloads.services.people import remove_team_member, set_team_member
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound

ALL_FLAGS = dict.fromkeys(TeamMember.FLAGS, True)


@dataclass(frozen=True)
class Publisher:
    """A user who publishes a download, and the time since when."""

    user: User
    is_owner: bool
    since: datetime


def publishers_of(download: Download) -> list[Publisher]:
    """Return the owner, followed by the other publishers in the order in which they were added. Takes two queries."""
    owner = Publisher(User.objects.get(pk=download.owner_id), True, download.created_at)
    members = (
        TeamMember.objects.filter(download=download, **ALL_FLAGS).select_related("user").order_by("created_at", "id")
    )
    return [owner, *(Publisher(member.user, False, member.created_at) for member in members)]


def is_publisher(download: Download, user_id: str) -> bool:
    owned = User.objects.filter(public_id=user_id, pk=download.owner_id)
    team = TeamMember.objects.filter(download=download, user__public_id=user_id, **ALL_FLAGS)
    return owned.exists() or team.exists()


@transaction.atomic
def add_publisher(*, actor: Actor, download: Download, user: User) -> tuple[Publisher, bool]:
    """Make a user a publisher. Return the publisher, and whether the user was not one before.

    Adding a publisher again changes nothing.

    Raises:
        Denied: The actor may not manage the team of the download, or lacks one of the flags.
    """
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    if user.pk == download.owner_id:
        return Publisher(user, True, download.created_at), False
    member = TeamMember.objects.filter(download=download, user=user, **ALL_FLAGS).first()
    if member is not None:
        return Publisher(user, False, member.created_at), False
    member = set_team_member(actor=actor, download=download, user=user, flags=set(TeamMember.FLAGS))
    return Publisher(user, False, member.created_at), True


@transaction.atomic
def remove_publisher(*, actor: Actor, download: Download, user: User) -> None:
    """Remove a publisher. If the owner is removed, the publisher who was added first becomes the owner.

    Only the owner and moderators may remove the owner.

    Raises:
        NotFound: The actor may not see the download, or the user is not a publisher.
        Denied: The actor may not manage the team, or may not give the download to another owner.
        Conflict: The user is the last publisher.
        Rejected: The files of the download do not fit into the storage quota of the next owner.
    """
    download = download_policy.ensure_locked("manage_team", actor, download, lambda row: lock_download(row.pk))
    members = TeamMember.objects.filter(download=download, **ALL_FLAGS)
    if user.pk == download.owner_id:
        active = members.in_force().filter(user__is_active=True).select_related("user")
        _pass_to_next(actor, download, active.order_by("created_at", "id").first())
        return
    if not members.filter(user=user).exists():
        raise NotFound("This user is not a publisher of the entity.")
    remove_team_member(actor=actor, download=download, user=user)


def _pass_to_next(actor: Actor, download: Download, heir: TeamMember | None) -> None:
    """Make the next publisher the owner of the download. The old owner leaves it."""
    if heir is None:
        raise Conflict(
            ErrorCode.PUBLISHER_LAST,
            "This user is the last publisher of the entity and cannot be removed. Add another publisher first.",
        )
    if not download_policy.can_transfer(actor, download):
        raise Denied(
            "Only the owner or a moderator can hand the entity over to another publisher. Ask the owner to do it."
        )
    hand_over(actor=actor, download=download, heir=heir.user)
