"""Inspect stored bytes: find problems in them, and store what update feeds need to know about them."""

from files.inspection.app_image import ENDING, read_app_image
from files.inspection.archives import DEFAULT_LIMITS, ArchiveLimits
from files.inspection.content import findings_of, open_seekable
from files.inspection.findings import Finding
from files.models import Blob


def inspect(blob: Blob, filename: str, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[Finding]:
    """Return the findings of `findings_of`, and store what an AppImage says about updates.

    Call it outside a transaction.
    """
    findings = findings_of(blob, filename, limits=limits)
    if filename.lower().endswith(ENDING):
        remember_app_image(blob)
    return findings


def remember_app_image(blob: Blob) -> None:
    """Store the update information of an AppImage with its blob, because feeds read no files to answer a request."""
    with open_seekable(blob.storage_key, blob.size_bytes) as handle:
        image = read_app_image(handle, blob.size_bytes)
    if image is not None:
        blob.update_information, blob.block_map_bytes = image.update_information, image.block_map_bytes
        blob.save(update_fields=["update_information", "block_map_bytes", "updated_at"])
