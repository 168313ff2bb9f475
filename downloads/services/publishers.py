"""Publishers: the owner, and team members with every flag. A download never loses its last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from downloads.models import Download, TeamMember
from downloads.policies import download_policy
from downloads.services.downloads import lock_download
from downloads.services.people import remove_team_member, set_team_member
from downloads.services.sharing import pass_on_grants
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

ALL_FLAGS = dict.fromkeys(TeamMember.FLAGS, True)


@dataclass(frozen=True)
class Publisher:
    user: User
    is_owner: bool
    since: datetime


def publishers_of(download: Download) -> list[Publisher]:
    """The owner first, the others in the order they came; two queries."""
    owner = Publisher(User.objects.get(pk=download.owner_id), True, download.created_at)
    members = (
        TeamMember.objects.filter(download=download, **ALL_FLAGS).select_related("user").order_by("created_at", "id")
    )
    return [owner, *(Publisher(member.user, False, member.created_at) for member in members)]


def is_publisher(download: Download, user_id: str) -> bool:
    """By the public id of the user."""
    owned = User.objects.filter(public_id=user_id, pk=download.owner_id)
    team = TeamMember.objects.filter(download=download, user__public_id=user_id, **ALL_FLAGS)
    return owned.exists() or team.exists()


@transaction.atomic
def add_publisher(*, actor: Actor, download: Download, user: User) -> tuple[Publisher, bool]:
    """Adding one again changes nothing; the second value says whether they are new.  Errors: NotFound, Denied."""
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    if user.pk == download.owner_id:
        return Publisher(user, True, download.created_at), False
    known = TeamMember.objects.filter(download=download, user=user, **ALL_FLAGS).first()
    if known is not None:
        return Publisher(user, False, known.created_at), False
    member = set_team_member(actor=actor, download=download, user=user, flags=set(TeamMember.FLAGS))
    return Publisher(user, False, member.created_at), True


@transaction.atomic
def remove_publisher(*, actor: Actor, download: Download, user: User) -> None:
    """The owner hands the download to the publisher who came next; nobody else can make them.

    Errors: NotFound, also for who is no publisher; Denied; Conflict for the last one.
    """
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    download_policy.ensure("manage_team", actor, download)
    members = TeamMember.objects.filter(download=download, **ALL_FLAGS)
    if user.pk == download.owner_id:
        _hand_over(actor, download, members.select_related("user").order_by("created_at", "id").first())
        return
    if not members.filter(user=user).exists():
        raise NotFound("This person is no publisher.")
    remove_team_member(actor=actor, download=download, user=user)


def _hand_over(actor: Actor, download: Download, heir: TeamMember | None) -> None:
    if heir is None:
        raise Conflict(ErrorCode.PUBLISHER_LAST, "The last publisher cannot be removed.")
    if not (download_policy.is_owner(actor, download) or download_policy.is_moderator(actor)):
        raise Denied("Only the owner can give the entity away.")
    changes = {"owner": [download.owner_id, heir.user_id]}
    pass_on_grants(download, giver=download.owner, heir=heir.user)
    download.owner = heir.user
    heir.delete()
    download.save(update_fields=["owner", "updated_at"])
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes=changes)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
