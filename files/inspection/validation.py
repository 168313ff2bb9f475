"""Checks of a file against the rules of its category and the quotas, before its content is inspected."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from downloads.rules import CategoryRules
from files import mime
from files.inspection.archives import depends_on_name, has_unusual_form
from files.inspection.findings import Finding, as_json, from_json, reasons_to_reject
from files.models import File
from files.names import extension
from files.quotas import check_room, room_left
from files.usage import Reservation, used_by_version
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from versions.models import Version


@dataclass(frozen=True)
class Candidate:
    """A file that is about to be added to a version, or a file of it that was not checked yet.

    Attributes:
        filename: Name of the file; empty as long as only a reference to it is known.
        size_bytes: Size of the file; 0 for a link.
        head: First bytes of the content; empty as long as they were not read.
        reservation: The upload session or the file that has already reserved these bytes in the quotas.
        is_link_only: The file is a link to another server, so the hub stores no bytes for it.
        findings: What an inspection has found in the content; empty as long as it was not inspected.
    """

    version: Version
    filename: str
    rules: CategoryRules
    size_bytes: int = 0
    head: bytes = b""
    reservation: Reservation | None = None
    is_link_only: bool = False
    findings: Sequence[Finding] = ()


def validate(candidate: Candidate) -> None:
    """Run all checks that need only the database, the first bytes of the content, and what an inspection has found.

    Raises:
        Rejected: The type of the file is not accepted, the file exceeds a size limit, or its content was rejected.
        Conflict: The version already has the maximum number of files.
    """
    check_extension(candidate)
    _check_size(candidate)
    _check_count(candidate)
    _check_content(candidate)
    check_findings(candidate.findings, candidate.rules)


def check_findings(findings: Sequence[Finding], rules: CategoryRules) -> None:
    """Check that no finding is a reason to refuse the file, of itself or in a category with these rules.

    The error has all findings.
    """
    if reasons := reasons_to_reject(findings, rules.rejected_warnings):
        raise Rejected(
            ErrorCode.FILE_FAILED_VALIDATION,
            reasons[0].message + ("" if not reasons[0].is_warning else " The category does not accept such files."),
            field="file",
            findings=as_json(findings, rules.rejected_warnings),
        )


def check_extension(candidate: Candidate) -> None:
    """Check the extension against the list of the operator and the list of the category."""
    if candidate.filename:
        _check_extension(candidate.filename, candidate.rules)


def check_new_name(file: File, filename: str, rules: CategoryRules) -> None:
    """Check whether a file that was inspected under another name may have this one.

    Its content is not inspected again, so that the extension can change only where no check depends on it.

    Raises:
        Rejected: The new extension is not accepted, or the content would have to be inspected again.
    """
    _check_extension(filename, rules)
    old, new = extension(file.filename), extension(filename)
    is_type_checked = bool(rules.allowed_extensions) and mime.has_signature(new)
    if file.blob_id is None or old == new or not (is_type_checked or depends_on_name(old) or depends_on_name(new)):
        return
    raise Rejected(
        ErrorCode.FILE_TYPE_REFUSED,
        f"The content was checked under the name {file.filename}, and would need another check under the name "
        f"{filename}. Keep the extension, or upload the file again.",
        field="filename",
    )


def _check_extension(filename: str, rules: CategoryRules) -> None:
    suffix, allowed_extensions = extension(filename), rules.allowed_extensions
    # An extension may have two parts, such as tar.gz. A rule for either form applies.
    last = suffix.rpartition(".")[2]
    if {suffix, last} & settings.REFUSED_EXTENSIONS:
        raise Rejected(
            ErrorCode.FILE_EXTENSION_REFUSED,
            f"This hub does not accept files with the extension .{suffix}. Choose another file type.",
            field="file",
        )
    if allowed_extensions and not {suffix, last} & set(allowed_extensions):
        names = ", ".join(f".{name}" for name in allowed_extensions)
        file_type = f".{suffix} files" if suffix else "files without an extension"
        raise Rejected(
            ErrorCode.FILE_EXTENSION_REFUSED,
            f"The category of this download does not accept {file_type}. Use one of these types: {names}.",
            field="file",
        )


def check_held_file(rules: CategoryRules, file: File) -> None:
    """Check a file that a download brings into a category with these rules.

    Raises:
        Rejected: The type or the content of the file is not accepted, the file is too large, or links are not allowed.
    """
    try:
        _check_extension(file.filename, rules)
        _within(rules.max_file_bytes, file.size_bytes, "The file")
        if file.blob_id is None and not rules.allows_external_links:
            raise Rejected(
                ErrorCode.FILE_EXTERNAL_REFUSED,
                "The category does not allow external links. Delete the link, or replace it with an upload.",
            )
        check_findings(standing_findings(file), rules)
    except Rejected as refusal:
        message = f"The file {file.filename} does not fit the rules of the new category. {refusal.message}"
        raise Rejected(refusal.code, message, field="category", **refusal.params) from refusal


def standing_findings(file: File) -> list[Finding]:
    """Return the warnings of a file that passed, or an empty list if a moderator let the file through."""
    is_judged = file.accepted_at is not None or file.validation_status != File.Validation.PASSED
    return [] if is_judged else from_json(file.findings)


def check_version_totals(rules: CategoryRules, *, file_count: int, size_bytes: int) -> None:
    """Check the limits for a version that a download brings into a category with these rules."""
    _within(rules.max_version_bytes, size_bytes, "A version", field="category")
    if rules.max_files_per_version and file_count > rules.max_files_per_version:
        message = f"A version has {file_count} files; the limit of the category is {rules.max_files_per_version}."
        raise Conflict(ErrorCode.FILE_COUNT_LIMIT, message, field="category", limit=rules.max_files_per_version)


def check_download_bytes(rules: CategoryRules, size_bytes: int) -> None:
    """Check the quota that a download has in a category with these rules."""
    if rules.max_download_bytes and size_bytes > rules.max_download_bytes:
        message = f"The download has {size_bytes} bytes; the quota in the category is {rules.max_download_bytes}."
        raise Rejected(
            ErrorCode.QUOTA_EXCEEDED, message, field="category", limit=rules.max_download_bytes, used=size_bytes
        )


def _check_size(candidate: Candidate) -> None:
    """Check the size limits of the file, the version, the download and its owner. A limit of 0 means no limit."""
    rules, size, version = candidate.rules, candidate.size_bytes, candidate.version
    _within(rules.max_file_bytes, size, "The file")
    if rules.max_version_bytes:
        used_bytes = used_by_version(version.pk, besides=candidate.reservation)
        _within(rules.max_version_bytes, size + used_bytes, "The version")
    if size:
        check_room(version.download, size, besides=candidate.reservation, is_link_only=candidate.is_link_only)


def max_upload_bytes(version: Version, rules: CategoryRules, *, reservation: Reservation | None = None) -> int:
    """Return the maximum size in bytes of the next file of the version; 0 means no limit.

    Raises:
        Rejected: The limit of the version is used up.
    """
    limits = [rules.max_file_bytes] if rules.max_file_bytes else []
    if rules.max_version_bytes:
        used_bytes = used_by_version(version.pk, besides=reservation)
        _within(rules.max_version_bytes, used_bytes + 1, "The version")
        limits.append(rules.max_version_bytes - used_bytes)
    if (quota_bytes := room_left(version.download, besides=reservation)) is not None:
        limits.append(quota_bytes)
    return min(limits, default=0)


def _check_count(candidate: Candidate) -> None:
    limit, reservation = candidate.rules.max_files_per_version, candidate.reservation
    others = File.objects.filter(version=candidate.version)
    if isinstance(reservation, File):
        others = others.exclude(pk=reservation.pk)
    if limit and others.count() >= limit:
        raise Conflict(
            ErrorCode.FILE_COUNT_LIMIT,
            f"This version already has {limit} files, which is the limit of its category. Delete a file, "
            "or create another version.",
            limit=limit,
        )


def _check_content(candidate: Candidate) -> None:
    """Check that the content has the type that the file name claims, if the category accepts only some types."""
    head, rules, suffix = candidate.head, candidate.rules, extension(candidate.filename)
    if head and rules.allowed_extensions and not (mime.suits(suffix, head) or has_unusual_form(suffix, head)):
        raise Rejected(
            ErrorCode.FILE_TYPE_REFUSED,
            f"The file name ends in .{suffix}, but the content is not of that type. "
            "Rename the file, or upload the right one.",
            field="file",
        )


def _within(limit: int, size: int, subject: str, *, field: str = "file") -> None:
    if limit and size > limit:
        raise Rejected(
            ErrorCode.FILE_TOO_LARGE,
            f"{subject} would have {size} bytes, but the limit is {limit} bytes. Choose a smaller file.",
            field=field,
            limit=limit,
        )
