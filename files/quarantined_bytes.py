"""Look up whether bytes are in quarantine."""

from files.models import Blob, File, Quarantine
from files.public_names import Identity
from releasehub.core.errors import ErrorCode, Rejected


def open_quarantine(sha256: str) -> Quarantine | None:
    """Return the block of these bytes, or None if they are not blocked."""
    return Quarantine.objects.filter(sha256=sha256, sha256__gt="", ended_at=None).first()


def quarantine_of(file: File) -> Quarantine | None:
    """Return the block of the bytes of the file. The row of the blob stays locked until the transaction ends.

    The lock lets a moderator who blocks the bytes at the same time wait, and then find this file.
    """
    list(Blob.objects.select_for_update().filter(pk=file.blob_id))
    return open_quarantine(Identity.of(file).sha256)


def check_not_quarantined(sha256: str) -> None:
    """Check that bytes may be added to a version.

    Raises:
        Rejected: A moderator has blocked them.
    """
    if quarantine := open_quarantine(sha256):
        raise Rejected(
            ErrorCode.FILE_QUARANTINED,
            f"A moderator has blocked these bytes for this reason: “{quarantine.reason}” Upload a different build.",
        )
