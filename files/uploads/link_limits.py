"""Refuse links that lead to no file, or to a file that is too large."""

import re

from django.db import transaction

from downloads.rules import rules_of
from files.inspection.findings import Finding
from files.inspection.validation import max_upload_bytes
from files.models import File
from files.quotas import check_room, lock_quota
from files.services import lock_file
from releasehub.core.errors import ErrorCode, NotFound, Rejected
from releasehub.outbound.failures import Unreachable
from releasehub.outbound.responses import StreamedResponse

_CONTENT_LENGTH = re.compile(r"[0-9]{1,18}")


class BadLink(Exception):
    """Raised for a link that does not lead to an acceptable file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(f"link.{code}", message)


def declared_size(file: File, answer: StreamedResponse) -> int:
    if answer.status >= 500 or answer.status in {408, 429}:
        raise Unreachable(f"The linked server responded with status {answer.status}.")
    if answer.status != 200:
        raise BadLink("status", f"The link returned status {answer.status} instead of 200. Check the URL.")
    text = answer.headers.get("Content-Length", "")
    size = int(text) if _CONTENT_LENGTH.fullmatch(text) else 0
    check_size(file, size)
    return size


def check_size(file: File, size: int) -> None:
    """Apply the limit of the category to links as well: 0 means no limit, and without one the site's limit applies."""
    limit = rules_of(file.version.download.category).max_file_bytes
    if limit and size > limit:
        raise BadLink("too_large", f"The linked file has at least {size} bytes, but the limit is {limit} bytes.")


@transaction.atomic
def reserve_copy(file: File, size: int) -> int:
    """Reserve the bytes of a copy before they are fetched, and return the most bytes that it may have; 0: no limit.

    A link that does not tell its size reserves nothing, as an open-ended upload does; its copy is counted when it has
    arrived.
    """
    try:
        file = lock_file(file)
    except NotFound as gone:
        raise BadLink("deleted", gone.message) from gone
    version = file.version
    lock_quota(version.download.owner)
    try:
        check_room(version.download, max(size, 1), besides=file)
        limit_bytes = max_upload_bytes(version, rules_of(version.download.category), reservation=file)
    except Rejected as refusal:
        raise BadLink(problem_code(refusal), refusal.message) from refusal
    if limit_bytes and size > limit_bytes:
        raise BadLink(
            "too_large",
            f"The linked file has {size} bytes, but only {limit_bytes} bytes are "
            "left under the limits of this download.",
        )
    File.objects.filter(pk=file.pk).update(size_bytes=size)
    return limit_bytes


def problem_code(refusal: Rejected) -> str:
    return "quota_exceeded" if refusal.code is ErrorCode.QUOTA_EXCEEDED else "too_large"
