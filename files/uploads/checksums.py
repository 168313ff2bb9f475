"""Compare bytes with the size and the checksums that a client declared."""

from django.conf import settings

from files.models import Blob
from files.storage import blob_storage
from files.storage.digests import algorithm_of, digest_of
from releasehub.core.errors import ErrorCode, Invalid, Rejected

UPLOAD_AGAIN = "Upload the file again."


def size_differs(received_bytes: int, declared_bytes: int) -> Rejected:
    message = f"{received_bytes} bytes arrived, but {declared_bytes} were declared. {UPLOAD_AGAIN}"
    return Rejected(ErrorCode.FILE_INCOMPLETE, message, received=received_bytes)


def digest_differs(
    algorithm: str, received: str, declared: str, *, field: str = "", advice: str = UPLOAD_AGAIN
) -> Rejected:
    """Return the error for bytes with a different digest than the declared one."""
    message = f"The {algorithm} of the file is {received}, but {declared} was declared. {advice}"
    return Rejected(ErrorCode.FILE_DIGEST_DIFFERS, message, field=field, received=received)


TITLES = {"sha512": "SHA-512", "sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}


def check_stored(blob: Blob, reference: str, checksum: str) -> None:
    if blob.state != Blob.State.STORED:
        raise Invalid(
            f"The stored bytes of {reference} are missing or damaged. Upload the file again.", field="reference"
        )
    name = algorithm_of(checksum)
    if name is None:
        return
    actual = _sha1(blob) if name == "sha1" else getattr(blob, name)
    if checksum != actual:
        advice = f"Correct the checksum of {reference}, or attach another file."
        raise digest_differs(TITLES[name], actual, checksum, field="checksum", advice=advice)


def _sha1(blob: Blob) -> str:
    """Return the SHA-1 of stored bytes, which the hub does not record and therefore has to read."""
    if blob.size_bytes > settings.INLINE_CHECK_BYTES:
        raise Invalid(
            f"The SHA-1 of files over {settings.INLINE_CHECK_BYTES} bytes is not checked. Send the SHA-256 or SHA-512.",
            field="checksum",
        )
    return digest_of(blob_storage().open(blob.storage_key), "sha1")
