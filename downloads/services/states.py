"""Approve, hide and restore downloads."""

from django.db import transaction

from downloads.exposure import exposure_change
from downloads.held_limits import held_limits
from downloads.models import Download
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from downloads.services.preconditions import first_state
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.restoring import needs_restore
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


@transaction.atomic
def approve_download(*, actor: Actor, download: Download) -> Download:
    """Approve a download that waits for moderation, which makes it visible. Approving it again changes nothing."""
    download_policy.ensure("approve", actor, download)
    download = lock_download(download.pk)
    if download.state != Download.State.VISIBLE:
        with exposure_change(download):
            download.state = Download.State.VISIBLE
            download.save(update_fields=["state", "updated_at"])
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_APPROVE, target=download)
        webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download


def mark_download_deleted(*, actor: Actor, download: Download, reason: str) -> None:
    """Hide a download (soft delete). The caller has checked the permission and holds the lock on the download."""
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_DELETE_SOFT, target=download, reason=reason)
    download.mark_deleted(by=actor.user, reason=reason)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_DELETED, target=download, hard=False, reason=reason)


@transaction.atomic
def restore_download(*, actor: Actor, download: Download) -> Download:
    """Restore a soft-deleted download.

    The download becomes visible again, or waits for moderation if its category asks for approval. A draft stays a
    draft, and what waited for a moderator still does.

    Raises:
        Denied: The actor is neither the owner nor a moderator.
        Conflict: The download is not deleted. For superusers, this is not an error.
        Rejected: The storage quota of the download or of its owner is exceeded.
    """
    download_policy.ensure("restore", actor, download)
    download = lock_download(download.pk)
    if not needs_restore(actor, download, f"The download {download.slug}"):
        return download
    held_limits().check_restore(download)
    with exposure_change(download):
        is_held = download.state == Download.State.MODERATED and not download_policy.is_moderator(actor)
        if download.state != Download.State.DRAFT and not is_held:
            download.state = first_state(actor, download.category)
            download.save(update_fields=["state"])
        download.mark_restored()
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_RESTORE, target=download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_RESTORED, target=download)
    return download
