"""Icons of downloads: small pictures that clients upload directly to the storage."""

from __future__ import annotations

import hashlib
from contextlib import closing
from functools import partial
from typing import Any

from django.db import transaction

from downloads import services as downloads
from downloads.models import Download
from downloads.policies import download_policy
from files.mime import sniff
from files.models import DownloadIcon, UploadSession
from files.names import extension
from files.quotas import check_room, lock_quota
from files.storage import Incoming, blob_storage
from files.storage.digests import ALGORITHMS
from files.uploads.mismatches import digest_differs
from files.uploads.sessions import begin_upload
from files.uploads.verification import discard_upload, verify_now
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import ErrorCode, Invalid, Rejected
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

MAX_BYTES = 1024 * 1024
PURPOSE = "icon"
PICTURES = {"png": {"image/png"}, "svg": {"image/svg+xml", "application/xml"}}


def begin_icon(*, actor: Actor, slug: str, ext: str, incoming: Incoming) -> UploadSession:
    """Begin the upload of an icon.

    Raises:
        NotFound: The actor is anonymous.
        Invalid: The file name is not acceptable.
    """
    return begin_upload(actor=actor, version=None, filename=f"{slug}.{ext}", incoming=incoming, purpose=PURPOSE)


def verify_icon(*, actor: Actor, storage_path: str, content_hash: str = "", download: Download | None = None) -> None:
    """Verify an uploaded icon. The current path of `download` is accepted as it is. Call it outside a transaction.

    Args:
        content_hash: The expected MD5, SHA-1, SHA-256 or SHA-512 in hex, or empty.

    Raises:
        Invalid: The path was not issued to the actor.
        Conflict: No bytes arrived.
        Rejected: The hash differs, or the content is not a picture.
    """
    if _is_kept(download, storage_path, content_hash):
        return
    upload = _find(actor, storage_path)
    blob = verify_now(upload)
    with closing(blob_storage().open(blob.storage_key)) as handle:
        content = handle.read(MAX_BYTES + 1)
    error: Rejected | None = None
    digest = _digest(content, content_hash) if content_hash else ""
    if digest != content_hash:
        error = digest_differs("hash", digest, content_hash, field="icon_hash")
    elif len(content) > MAX_BYTES or sniff(content[:8192]) not in PICTURES[extension(upload.filename)]:
        error = Rejected(
            ErrorCode.FILE_TYPE_REFUSED,
            f"The icon {upload.filename} is larger than {MAX_BYTES} bytes, or its content does not match "
            "its extension. Upload another image.",
            field="icon_path",
        )
    if error is not None:
        discard_upload(upload, error)
        raise error


@transaction.atomic
def create_entity(*, actor: Actor, icon_path: str = "", icon_hash: str = "", **fields: Any) -> Download:
    """Create a download with its icon. Call `verify_icon` first.

    Raises:
        DomainError: As `downloads.services.create_entity`.
    """
    download = downloads.create_entity(actor=actor, **fields)
    if icon_path:
        _keep(actor, download, icon_path, icon_hash)
    return download


@transaction.atomic
def edit_entity(
    *, actor: Actor, download: Download, icon_path: str | None = None, icon_hash: str = "", **fields: Any
) -> Download:
    """Change the given fields. An empty `icon_path` removes the icon.

    Raises:
        DomainError: As `update_download`.
    """
    download = downloads.update_download(actor=actor, download=download, **fields)
    if icon_path is None or _is_kept(download, icon_path, icon_hash):
        return download
    changes = _keep(actor, download, icon_path, icon_hash) if icon_path else _drop(download)
    if changes:
        download.save(update_fields=["updated_at"])
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes={"icon": changes})
        webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download


def _keep(actor: Actor, download: Download, storage_path: str, content_hash: str) -> list[str]:
    download_policy.ensure("edit", actor, download)
    upload = _find(actor, storage_path)
    if upload.blob is None:
        raise Invalid(
            ErrorCode.INVALID, "This icon is already in use or was not verified. Upload it again.", field="icon_path"
        )
    before = _drop(download)
    lock_quota(download.owner_id)
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


def _drop(download: Download) -> list[str]:
    """Return the path of the icon, or an empty string if there is none."""
    icon = DownloadIcon.objects.select_related("blob").filter(download=download).first()
    if icon is None:
        return []
    icon.delete()
    # After the commit, because bytes cannot be restored if the transaction is rolled back.
    transaction.on_commit(partial(hint, "files.erase_blobs", [icon.blob_id]))
    return [icon.blob.sha256, ""]


def _is_kept(download: Download | None, storage_path: str, content_hash: str) -> bool:
    """Return whether the download already has exactly this icon."""
    if download is None or not storage_path:
        return False
    icon = DownloadIcon.objects.filter(download=download, storage_path=storage_path).first()
    return icon is not None and content_hash in {"", icon.content_hash}


def _find(actor: Actor, storage_path: str) -> UploadSession:
    rows = UploadSession.objects.select_related("blob", "user").filter(fields__purpose=PURPOSE)
    upload = rows.filter(storage_key=storage_path).first()
    if upload is None or (upload.user_id != actor.user_id and not actor.is_superuser):
        raise Invalid(
            ErrorCode.INVALID, "You have no icon upload with this path. Request a new upload URL.", field="icon_path"
        )
    return upload


def _digest(content: bytes, like: str) -> str:
    return hashlib.new(ALGORITHMS[len(like)], content, usedforsecurity=False).hexdigest()
