"""The checks a file passes before it is offered: policy of the category first, then the content."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum

from downloads.rules import CategoryRules
from files import mime
from files.models import File, UploadSession
from files.names import extension
from files.quotas import check_quota, quota_left, reserved_bytes
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from versions.models import Version


@dataclass(frozen=True)
class Candidate:
    """What is about to become a file of `version`, or is one already and was not looked at: `file_id`.

    `upload` has reserved these bytes already.
    `filename` is empty while only a reference is known, `head`, the first bytes, while nobody read them.
    """

    version: Version
    filename: str
    rules: CategoryRules
    size_bytes: int = 0
    head: bytes = b""
    file_id: int = 0
    upload: UploadSession | None = None


def validate(candidate: Candidate) -> None:
    """Everything that needs only rows and the first bytes.  Errors: Rejected, Conflict."""
    check_extension(candidate)
    _check_size(candidate)
    _check_count(candidate)
    _check_content(candidate)


def check_extension(candidate: Candidate) -> None:
    """Errors: Rejected."""
    if not candidate.filename:
        return
    found, allowed = extension(candidate.filename), candidate.rules.allowed_extensions
    last = found.rpartition(".")[2]
    if {found, last} & settings.REFUSED_EXTENSIONS:
        raise Rejected(ErrorCode.FILE_EXTENSION_REFUSED, f"Files of type .{found} are refused here.", field="file")
    if allowed and not {found, last} & set(allowed):
        names = ", ".join(f".{name}" for name in allowed)
        raise Rejected(ErrorCode.FILE_EXTENSION_REFUSED, f"Only {names} files are accepted here.", field="file")


def _check_size(candidate: Candidate) -> None:
    """Per file, version, download and owner: 0 is no limit."""
    rules, size, upload = candidate.rules, candidate.size_bytes, candidate.upload
    _within(rules.max_file_bytes, size, "The file")
    for limit, scope, what in _scopes(candidate.version, rules):
        if limit:
            _within(limit, size + _held(scope, upload, candidate.file_id), what)
    if size and not candidate.file_id:
        check_quota(candidate.version.download.owner_id, size, besides=upload)


def max_upload_bytes(version: Version, rules: CategoryRules) -> int:
    """Return the most bytes that the next file of the version may have; 0 is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    limits = [rules.max_file_bytes] if rules.max_file_bytes else []
    for limit, scope, what in _scopes(version, rules):
        if limit:
            held = _held(scope)
            _within(limit, held + 1, what)
            limits.append(limit - held)
    if (left := quota_left(version.download.owner_id)) is not None:
        limits.append(left)
    return min(limits, default=0)


def _scopes(version: Version, rules: CategoryRules) -> tuple[tuple[int, dict[str, Any], str], ...]:
    return (
        (rules.max_version_bytes, {"version": version}, "The version"),
        (rules.max_download_bytes, {"version__download": version.download_id}, "The download"),
    )


def _held(scope: dict[str, Any], upload: UploadSession | None = None, file_id: int = 0) -> int:
    """Bytes of live files, and of uploads that have begun."""
    return _total(File.objects.exclude(pk=file_id), **scope) + reserved_bytes(besides=upload, **scope)


def _check_count(candidate: Candidate) -> None:
    limit = candidate.rules.max_files_per_version
    if limit and File.objects.filter(version=candidate.version).exclude(pk=candidate.file_id).count() >= limit:
        raise Conflict(ErrorCode.FILE_COUNT_LIMIT, f"A version holds at most {limit} files here.", limit=limit)


def _check_content(candidate: Candidate) -> None:
    """Where only some types are accepted, the content has to be of the type its name claims."""
    head, rules = candidate.head, candidate.rules
    if head and rules.allowed_extensions and not mime.suits(extension(candidate.filename), head):
        raise Rejected(ErrorCode.FILE_TYPE_REFUSED, "The content is not what the file name says.", field="file")


def _within(limit: int, size: int, what: str) -> None:
    if limit and size > limit:
        raise Rejected(
            ErrorCode.FILE_TOO_LARGE,
            f"{what} would have {size} bytes; the limit is {limit}.",
            field="file",
            limit=limit,
        )


def _total(files: Any, **scope: Any) -> int:
    return files.filter(**scope).aggregate(total=Sum("size_bytes"))["total"] or 0
