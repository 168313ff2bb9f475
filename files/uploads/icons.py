"""Icons of downloads: small pictures that clients upload directly to the storage."""

import hashlib
from contextlib import closing

from downloads.models import Download
from files.mime import sniff
from files.models import DownloadIcon, UploadSession
from files.names import extension
from files.storage import Incoming, blob_storage
from files.storage.digests import ALGORITHMS
from files.uploads.checksums import digest_differs
from files.uploads.immediate_verification import discard_upload, verify_now
from files.uploads.sessions import begin_upload
from releasehub.core.actor import Actor
from releasehub.core.errors import ErrorCode, Invalid, Rejected

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
    if has_icon(download, storage_path, content_hash):
        return
    upload = find_icon_upload(actor, storage_path)
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


def has_icon(download: Download | None, storage_path: str, content_hash: str) -> bool:
    """Return whether the download already has exactly this icon."""
    if download is None or not storage_path:
        return False
    icon = DownloadIcon.objects.filter(download=download, storage_path=storage_path).first()
    return icon is not None and content_hash in {"", icon.content_hash}


def find_icon_upload(actor: Actor, storage_path: str) -> UploadSession:
    rows = UploadSession.objects.select_related("blob", "user").filter(fields__purpose=PURPOSE)
    upload = rows.filter(storage_key=storage_path).first()
    if upload is None or (upload.user_id != actor.user_id and not actor.is_superuser):
        raise Invalid("You have no icon upload with this path. Request a new upload URL.", field="icon_path")
    return upload


def _digest(content: bytes, like: str) -> str:
    return hashlib.new(ALGORITHMS[len(like)], content, usedforsecurity=False).hexdigest()
