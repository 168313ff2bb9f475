"""Remove team members who left the organization of a download, before the download leaves it, too.

Their rights do not apply while the download belongs to the organization. Without this step, they would apply again as
soon as it belongs to none, without a new decision of a manager.
"""

from downloads.models import Download, TeamMember
from downloads.models.access import belongs_to_organization
from downloads.services.locking import lock_downloads
from releasehub.accounts.models import Organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


def remove_former_members(actor: Actor, download: Download) -> None:
    """Remove the members of a locked download whose rights do not apply. Its row still has the old organization."""
    for member in TeamMember.objects.filter(~belongs_to_organization(), download=download):
        member.delete()
        changes = {"user": member.user_id}
        audit.record(actor=actor, action=AuditAction.TEAM_REMOVE, target=download, changes=changes)


def remove_former_members_of(actor: Actor, organization: Organization) -> None:
    """Do the same for all downloads of an organization that is about to be deleted."""
    downloads = Download.all_objects.filter(organization=organization).order_by("pk")
    lock_downloads(downloads.values("pk"))
    for download in downloads:
        remove_former_members(actor, download)
