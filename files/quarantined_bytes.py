"""Lock bytes, find their copies, and look up whether they are in quarantine."""

from files.models import Blob, File, Quarantine
from files.public_names import Identity
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from releasehub.core.locks import lock_name
from releasehub.core.querysets import first_or_not_found, only_row

DIGEST_LOCK = 0x51_44


def lock_digest(sha256: str) -> None:
    """Wait until no other transaction blocks these bytes, lifts their block, or stores a file with them.

    The lock is kept until the transaction ends. A lock on the blob is not enough, because a link has none. Take it
    after the lock on the version, and before those on blobs and on files whose digest is known.
    """
    if sha256:
        lock_name(DIGEST_LOCK, sha256)


def lock_bytes(file: File) -> str:
    """Lock the digest, the blob and all files with the same bytes. Return their SHA-256, if it is known.

    Two moderators who act on two copies at the same time take the locks in the same order, so one waits for the other.

    Raises:
        NotFound: Another request erased the file.
        Conflict: A worker learned the digest of the file meanwhile, so further files have to be locked.
    """
    row = first_or_not_found(File.all_objects.select_related("blob").filter(pk=file.pk))
    sha256 = Identity.of(row).sha256
    lock_digest(sha256)
    list(Blob.objects.select_for_update().filter(pk=row.blob_id))
    ids = copies_of(sha256, row)
    list(File.all_objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))
    # Another request may have changed or erased the file, while this one waited.
    row = first_or_not_found(File.all_objects.select_related("blob").filter(pk=file.pk))
    if Identity.of(row).sha256 != sha256:
        raise Conflict(ErrorCode.FILE_STATE, f"The hub has just read the bytes of the file {row.filename}. Try again.")
    return sha256


def copies_of(sha256: str, file: File) -> list[int]:
    """Return the files with these bytes, or only this one if its digest is unknown."""
    rows = File.all_objects.with_digest(sha256) if sha256 else File.all_objects.filter(pk=file.pk)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def open_quarantine(sha256: str) -> Quarantine | None:
    """Return the block of these bytes, or None if they are not blocked."""
    return only_row(Quarantine.objects.filter(sha256=sha256, sha256__gt="", ended_at=None))


def check_not_quarantined(sha256: str) -> None:
    """Check that bytes may be added to a version, and let moderators who want to block them wait for the new file."""
    lock_digest(sha256)
    if quarantine := open_quarantine(sha256):
        raise Rejected(
            ErrorCode.FILE_QUARANTINED,
            f"A moderator has blocked these bytes for this reason: “{quarantine.reason}” Upload a different build.",
        )
