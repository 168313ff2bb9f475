"""Turn received bytes into a file: store them once, validate the content and record the findings."""

from contextlib import closing
from dataclasses import dataclass

from django.conf import settings

from downloads.rules import CategoryRules, rules_of
from files.blobs import keep_upload, release_claim
from files.inspection.archives import QUICK_LIMITS, TooManySteps, is_packed
from files.inspection.findings import Finding
from files.inspection.validation import check_findings
from files.models import Blob, File
from files.services import check_new_file
from files.storage import blob_storage
from files.storage.streaming import StagedUpload
from files.uploads.checksums import digest_differs
from files.uploads.inspecting import inspect
from releasehub.core.actor import Actor
from releasehub.core.errors import Rejected
from versions.models import Version

PACKED_WEIGHT = 16


@dataclass(frozen=True)
class AcceptedUpload:
    """Received bytes that `add_file` can turn into a file. The claim on `blob` expires after a while.

    `warnings` is None if the content still has to be inspected.
    """

    filename: str
    blob: Blob
    warnings: list[Finding] | None


def accept_upload(
    *,
    actor: Actor,
    version: Version,
    upload: StagedUpload,
    sha256: str = "",
    keep_rejected: bool = False,
    replaces: File | None = None,
) -> AcceptedUpload:
    """Store bytes that were uploaded through the app. Small files are validated at once, large ones by a worker.

    Call it outside a transaction.

    Args:
        sha256: The SHA-256 that the client declares, in hex.
        keep_rejected: Store a file whose content is rejected as a failed file, so that a moderator can let it through.
            A worker validates it.
        replaces: The file that this one is going to replace.

    Raises:
        DomainError: As `check_new_file`.
        Rejected: The digest differs, a rule does not allow the file, or its content failed validation.
    """
    digest = upload.digests.sha256
    declared = sha256.lower().removeprefix("sha256:")
    if sha256 and declared != digest:
        raise digest_differs("SHA-256", digest, declared, field="sha256")
    filename = check_new_file(
        actor=actor,
        version=version,
        filename=upload.name,
        size_bytes=upload.size_bytes,
        sha256=digest,
        head=upload.head,
        replaces=replaces,
    )
    blob = keep_upload(upload)
    try:
        warnings = _check_or_keep(blob, filename, rules_of(version.download.category), keep_rejected=keep_rejected)
    except BaseException:
        release_claim(blob)
        raise
    return AcceptedUpload(filename, blob, warnings)


def is_inspected_now(blob: Blob) -> bool:
    """Return whether inspecting the bytes takes at most a few seconds of CPU time.

    A packed tar archive has to be unpacked to be listed and may be 50 times as large then, so it counts 16 times.
    """
    limit: int = settings.INLINE_CHECK_BYTES
    if settings.SCANNER_ADDRESS or blob.size_bytes > limit:
        return False
    if blob.size_bytes * PACKED_WEIGHT <= limit:
        return True
    with closing(blob_storage().open(blob.storage_key)) as handle:
        return not is_packed(handle.read(8))


def check_now(blob: Blob, filename: str, rules: CategoryRules) -> list[Finding] | None:
    """Validate bytes within the request, and return the warnings to store with the file.

    Return None if the inspection takes too long for a request, so that a worker has to do it.

    Call it outside a transaction.
    """
    if not is_inspected_now(blob):
        return None
    try:
        findings = inspect(blob, filename, limits=QUICK_LIMITS)
    except TooManySteps:
        return None
    check_findings(findings, rules)
    return findings


def _check_or_keep(blob: Blob, filename: str, rules: CategoryRules, *, keep_rejected: bool) -> list[Finding] | None:
    try:
        return check_now(blob, filename, rules)
    except Rejected:
        if keep_rejected:
            return None
        raise
