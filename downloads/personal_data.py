"""The downloads, team rights and shares of a user: how they are exported, passed to another user, or given up."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from downloads.models import Download, Share, TeamMember
from downloads.services.locking import lock_download, lock_downloads
from downloads.services.ownership import hand_over
from downloads.services.people import save_team_member
from downloads.services.sharing import pass_on_grants
from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS, Possession
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


def downloads_of(user: User) -> dict[str, Any]:
    owned = Download.objects.filter(owner=user).values("title", "slug", "created_at")
    teams = TeamMember.objects.filter(user=user).values("download__title", "created_at")
    return {"owned": list(owned[:MAX_EXPORTED_ROWS]), "teams": list(teams[:MAX_EXPORTED_ROWS])}


def owned_downloads(user: User) -> QuerySet[Download]:
    """Return the downloads of the user, including deleted ones, which may be restored."""
    return Download.all_objects.filter(owner=user).order_by("pk")


def lock_downloads_of(users: Collection[User]) -> None:
    """Lock the downloads that the users own, help with or see by a share."""
    has_user = Q(owner__in=users) | Q(team__user__in=users) | Q(shares__user__in=users)
    lock_downloads(Download.all_objects.filter(has_user).order_by().values("pk"))


def pass_on_downloads(*, actor: Actor, giver: User, heir: User) -> int:
    pks = list(owned_downloads(giver).values_list("pk", flat=True))
    for pk in pks:
        hand_over(actor=actor, download=lock_download(pk), heir=heir)
    return len(pks)


def pass_on_teams(*, actor: Actor, giver: User, heir: User) -> int:
    """Give the heir the team rights of the other account, in addition to those that the heir has."""
    pks = list(TeamMember.objects.filter(user=giver).order_by("download_id").values_list("download_id", flat=True))
    for pk in pks:
        download = lock_download(pk)
        rows = TeamMember.objects.filter(download=download, user__in=(giver, heir))
        flags = {flag for row in rows for flag in row.flags}
        TeamMember.objects.filter(download=download, user=giver).delete()
        audit.record(actor=actor, action=AuditAction.TEAM_REMOVE, target=download, changes={"user": giver.pk})
        if download.owner_id != heir.pk:
            save_team_member(actor=actor, download=download, user=heir, flags=flags)
        pass_on_grants(download, giver=giver, heir=heir)
    return len(pks)


def pass_on_shares(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the heir see what was shared with the other account."""
    shares = list(Share.objects.filter(user=giver).select_related("download").order_by("download_id"))
    for share in shares:
        has_access = Q(owner=heir) | Q(shares__user=heir)
        if Download.all_objects.filter(has_access, pk=share.download_id).exists():
            share.delete()
        else:
            share.user = heir
            share.save(update_fields=["user", "updated_at"])
        changes = {"user": [giver.pk, heir.pk]}
        audit.record(actor=actor, action=AuditAction.SHARE_CREATE, target=share.download, changes=changes)
    return len(shares)


POSSESSIONS = (
    Possession(
        name="downloads",
        label="downloads that the user owns, including deleted ones",
        count=lambda user: owned_downloads(user).count(),
        pass_on=pass_on_downloads,
        is_transferable=True,
    ),
    Possession(
        name="teams",
        label="teams of downloads",
        count=lambda user: TeamMember.objects.filter(user=user).count(),
        pass_on=pass_on_teams,
    ),
    Possession(
        name="shares",
        label="downloads that are shared with the user",
        count=lambda user: Share.objects.filter(user=user).count(),
        pass_on=pass_on_shares,
    ),
)


def leave_downloads(*, actor: Actor, user: User) -> None:
    """Remove the user from teams and shares. Downloads that the user owns stay; an administrator transfers them."""
    changes = {"user": user.pk}
    for member in TeamMember.objects.filter(user=user).select_related("download").order_by("download_id"):
        member.delete()
        audit.record(actor=actor, action=AuditAction.TEAM_REMOVE, target=member.download, changes=changes)
    for share in Share.objects.filter(user=user).select_related("download").order_by("download_id"):
        share.delete()
        audit.record(actor=actor, action=AuditAction.SHARE_REMOVE, target=share.download, changes=changes)
