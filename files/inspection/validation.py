"""The checks a file passes before it is offered: policy of the category first, then the content."""

from dataclasses import dataclass

from django.conf import settings

from downloads.rules import CategoryRules
from files import mime
from files.models import File
from files.names import extension
from files.quotas import Reservation, check_room, room_left, used_by_version
from releasehub.core.errors import Conflict, ErrorCode, Rejected
from versions.models import Version


@dataclass(frozen=True)
class Candidate:
    """What is about to become a file of `version`, or is one already and was not looked at.

    `reservation` is the upload that has reserved these bytes already, or that file. A link only has no bytes here.
    `filename` is empty while only a reference is known, `head`, the first bytes, while nobody read them.
    """

    version: Version
    filename: str
    rules: CategoryRules
    size_bytes: int = 0
    head: bytes = b""
    reservation: Reservation | None = None
    is_link_only: bool = False


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
    rules, size, version = candidate.rules, candidate.size_bytes, candidate.version
    _within(rules.max_file_bytes, size, "The file")
    if rules.max_version_bytes:
        held = used_by_version(version.pk, besides=candidate.reservation)
        _within(rules.max_version_bytes, size + held, "The version")
    if size:
        check_room(version.download, size, besides=candidate.reservation, is_link_only=candidate.is_link_only)


def max_upload_bytes(version: Version, rules: CategoryRules, *, reservation: Reservation | None = None) -> int:
    """Return the most bytes that the next file of the version may have; 0 is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    limits = [rules.max_file_bytes] if rules.max_file_bytes else []
    if rules.max_version_bytes:
        held = used_by_version(version.pk, besides=reservation)
        _within(rules.max_version_bytes, held + 1, "The version")
        limits.append(rules.max_version_bytes - held)
    if (left := room_left(version.download, besides=reservation)) is not None:
        limits.append(left)
    return min(limits, default=0)


def _check_count(candidate: Candidate) -> None:
    limit, reservation = candidate.rules.max_files_per_version, candidate.reservation
    others = File.objects.filter(version=candidate.version)
    if isinstance(reservation, File):
        others = others.exclude(pk=reservation.pk)
    if limit and others.count() >= limit:
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
