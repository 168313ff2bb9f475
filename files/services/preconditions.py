"""Check names, rules and limits before a file is added."""

from collections.abc import Sequence

from downloads.policies import download_policy
from downloads.rules import CategoryRules, rules_of
from files.inspection.findings import Finding
from files.inspection.validation import Candidate, check_extension, max_upload_bytes, validate
from files.models import File, UploadSession
from files.names import clean_name, fold_name
from files.public_names import Identity, check_name_is_free
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode
from releasehub.core.querysets import only_row
from versions.models import Version
from versions.policies import version_policy


def check_new_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    size_bytes: int = 0,
    sha256: str = "",
    head: bytes = b"",
    findings: Sequence[Finding] = (),
    upload: UploadSession | None = None,
    replaces: File | None = None,
) -> str:
    """Run every check of a new file that does not need its whole content, and return the name to store.

    Args:
        sha256: The digest of the content, or empty before the content has arrived.
        head: The first bytes of the content, or empty before the content has arrived.
        findings: What the inspection of the content has found, or empty before the inspection.
        upload: The upload session that has already reserved the bytes.
        replaces: A file of the version that will be deleted first, so that neither its name nor its bytes count.

    Raises:
        Conflict: The version is sealed, or the name belongs to another file.
        Invalid: The file name is not acceptable.
        Rejected: A rule of the category or a quota does not allow the file.
    """
    check_takes_files(actor, version)
    name = clean_name(filename)
    check_name(version, name, Identity(sha256), replaces=replaces)
    reservation = upload or replaces
    validate(Candidate(version, name, rules_for(version), size_bytes, head, reservation=reservation, findings=findings))
    return name


def authorize_upload(*, actor: Actor, version: Version, filename: str) -> int:
    """Check an upload before its first byte, and return its maximum size in bytes; 0 means no limit.

    The name of a file that exists is let through, because the same bytes may be sent again; whatever differs is
    refused afterwards.
    """
    version_policy.ensure("upload", actor, version)
    if same_file(version, filename) is None:
        check_new_file(actor=actor, version=version, filename=filename)
    return upload_limit(version)


def upload_limit(version: Version) -> int:
    """Return the maximum size in bytes of the next file of the version; 0 means no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    return max_upload_bytes(version, rules_for(version))


def same_file(version: Version, filename: str, sha256: str = "") -> File | None:
    """Return the file with that name, if its content has the digest. Without a digest, any content matches."""
    rows = File.objects.select_related("blob").filter(version=version, folded_name=fold_name(filename))
    file = only_row(rows.exclude(validation_status=File.Validation.FAILED))
    if file is None or (sha256 and (file.blob is None or file.blob.sha256 != sha256)):
        return None
    file.version = version
    return file


def check_asset_name(file: File, name: str) -> str:
    """Check the name of an asset that was looked up, and return the name to store.

    Raises:
        Conflict: Another file of the version has the name.
        Invalid: The name is not acceptable.
        Rejected: The category does not allow the file extension.
    """
    cleaned = clean_name(name)
    check_name(file.version, cleaned, Identity())
    check_extension(Candidate(file.version, cleaned, rules_for(file.version)))
    return cleaned


def check_takes_files(actor: Actor, version: Version) -> None:
    """Check that the actor may add a file or a link to the version.

    Raises:
        Denied: The actor may not upload to the version, or a moderator has approved it with the files that it has.
        Conflict: The version is sealed.
    """
    version_policy.ensure("upload", actor, version)
    check_takes_content(actor, version)


def check_takes_content(actor: Actor, version: Version) -> None:
    """Check that the actor may add or restore content of the version, apart from the actor's role on it.

    Raises:
        Denied: A moderator has approved the version with the files that it has, for now or for its scheduled time.
        Conflict: The version is sealed.
    """
    check_not_sealed(version)
    check_not_approved(actor, version)


def check_not_approved(actor: Actor, version: Version) -> None:
    """Check that the actor may change what a moderator has approved, which only moderators may.

    Raises:
        Denied: A moderator has approved the version with the files that it has, for now or for its scheduled time.
    """
    is_approved = version.is_released or version.state == Version.State.SCHEDULED
    if is_approved and download_policy.needs_approval(actor, version.download.category):
        raise Denied(
            "The category asks for approval, and this version was approved with the files that it has. Create a new "
            "version instead, or ask a moderator to change its files."
        )


def check_not_sealed(version: Version) -> None:
    """Check that files may be added to the version or offered in it."""
    if version.sealed_at:
        raise Conflict(
            ErrorCode.VERSION_IS_SEALED,
            "This version is sealed, so its files cannot be added or changed. Create a new version instead.",
        )


def check_name(version: Version, filename: str, identity: Identity, *, replaces: File | None = None) -> None:
    """Refuse a name that belongs to another live file, or that was public with different content."""
    folded = fold_name(filename)
    holders = File.objects.filter(version=version, folded_name=folded).exclude(pk=replaces.pk if replaces else 0)
    if holders.exclude(validation_status=File.Validation.FAILED).exists():
        raise Conflict(
            ErrorCode.FILE_NAME_TAKEN,
            f"This version already has a file named {filename}. Choose another name or delete that file first.",
            field="filename",
        )
    check_name_is_free(version, filename, identity)


def rules_for(version: Version) -> CategoryRules:
    return rules_of(version.download.category)
