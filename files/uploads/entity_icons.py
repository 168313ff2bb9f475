"""Create and change entities together with their icons."""

from functools import partial
from typing import Any

from django.db import transaction

from downloads import services as downloads
from downloads.holds import ensure_not_held
from downloads.models import Download
from downloads.policies import download_policy
from files.models import DownloadIcon
from files.quotas import check_room, lock_quota
from files.uploads.icons import find_icon_upload, has_icon
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


@transaction.atomic
def create_entity(*, actor: Actor, icon_path: str = "", icon_hash: str = "", **fields: Any) -> Download:
    """Create a download with its icon. Call `verify_icon` first.

    Raises:
        DomainError: As `downloads.services.create_entity`.
    """
    download = downloads.create_entity(actor=actor, **fields)
    if icon_path:
        _store_icon(actor, download, icon_path, icon_hash)
    return download


@transaction.atomic
def edit_entity(
    *, actor: Actor, download: Download, icon_path: str | None = None, icon_hash: str = "", **fields: Any
) -> Download:
    """Change the given fields. An empty `icon_path` removes the icon.

    Raises:
        DomainError: As `update_download`.
        Conflict: A legal hold forbids to replace or remove the icon.
    """
    download = downloads.update_download(actor=actor, download=download, **fields)
    if icon_path is None or has_icon(download, icon_path, icon_hash):
        return download
    changes = _store_icon(actor, download, icon_path, icon_hash) if icon_path else _remove_icon(download)
    if changes:
        download.save(update_fields=["updated_at"])
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes={"icon": changes})
        webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download


def _store_icon(actor: Actor, download: Download, storage_path: str, content_hash: str) -> list[str]:
    download_policy.ensure("edit", actor, download)
    upload = find_icon_upload(actor, storage_path)
    if upload.blob is None:
        raise Invalid("This icon is already in use or was not verified. Upload it again.", field="icon_path")
    before = _remove_icon(download)
    lock_quota(download.owner)
    check_room(download, upload.blob.size_bytes, besides=upload)
    DownloadIcon.objects.create(
        download=download,
        blob=upload.blob,
        filename=upload.filename,
        storage_path=storage_path,
        content_hash=content_hash or upload.blob.sha256,
    )
    changes = [before[0] if before else "", upload.blob.sha256]
    upload.blob = None
    upload.save(update_fields=["blob", "updated_at"])
    return changes


def _remove_icon(download: Download) -> list[str]:
    """Return the path of the icon, or an empty string if there is none."""
    icon = DownloadIcon.objects.select_related("blob").filter(download=download).first()
    if icon is None:
        return []
    ensure_not_held(download.pk)
    icon.delete()
    # After the commit, because bytes cannot be restored if the transaction is rolled back.
    transaction.on_commit(partial(hint, "files.erase_blobs", [icon.blob_id]))
    return [icon.blob.sha256, ""]
