"""The checks a file passes before it is offered: policy of the category first, then the content."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum

from downloads.rules import CategoryRules
from files import mime
from files.models import File
from files.names import extension
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from versions.models import Version


@dataclass(frozen=True)
class Candidate:
    """What is about to become a file of `version`, or is one already and was not looked at: `file_id`.

    `filename` is empty while only a reference is known, `head`, the first bytes, while nobody read them.
    """

    version: Version
    filename: str
    rules: CategoryRules
    size_bytes: int = 0
    head: bytes = b""
    file_id: int = 0


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
    """Per file, per version, per download: 0 is no limit."""
    rules, size = candidate.rules, candidate.size_bytes
    _within(rules.max_file_bytes, size, "The file")
    others = File.objects.exclude(pk=candidate.file_id)
    if rules.max_version_bytes:
        _within(rules.max_version_bytes, size + _total(others, version=candidate.version), "The version")
    if rules.max_download_bytes:
        download = candidate.version.download_id
        _within(rules.max_download_bytes, size + _total(others, version__download=download), "The download")


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
