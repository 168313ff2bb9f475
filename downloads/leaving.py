"""Take a user whose account is anonymized off all teams, and end the shares with this user."""

from downloads.models import Share, TeamMember
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


def leave_downloads(*, actor: Actor, user: User) -> None:
    """Remove the user from teams and shares. Downloads that the user owns stay; an administrator transfers them."""
    changes = {"user": user.pk}
    for member in TeamMember.objects.filter(user=user).select_related("download").order_by("download_id"):
        member.delete()
        audit.record(actor=actor, action=AuditAction.TEAM_REMOVE, target=member.download, changes=changes)
    for share in Share.objects.filter(user=user).select_related("download").order_by("download_id"):
        share.delete()
        audit.record(actor=actor, action=AuditAction.SHARE_REMOVE, target=share.download, changes=changes)
