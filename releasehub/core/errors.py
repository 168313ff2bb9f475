"""What can go wrong in the domain. No HTTP here: each dialect turns kind and code into its own status and envelope."""

import logging
from enum import StrEnum
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

log = logging.getLogger(__name__)

# The database is away, overloaded, or gave this transaction up: trying again may help.
OUTAGES = (OperationalError, InterfaceError)
# Two requests that race for the same rows can break a unique constraint or a foreign key, and no other constraint.
RACES = frozenset(
    {"23503", "23505", "SQLITE_CONSTRAINT_FOREIGNKEY", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"}
)
CHANGED_MEANWHILE = "Another request changed or deleted something that this one needs. Read it again, then try again."
CANNOT_BE_STORED = "A value is too large, or contains characters that cannot be stored. Correct it and try again."


class ErrorCode(StrEnum):
    """Stable machine-readable codes, one list for the whole hub."""

    CATEGORY_NOT_EMPTY = "category.not_empty"
    CATEGORY_CYCLE = "category.cycle"
    CATEGORY_CLOSED = "category.closed"
    CONFLICT = "conflict"
    DELIVERY_UNDER_WAY = "delivery.under_way"
    DOWNLOAD_SLUG_TAKEN = "download.slug_taken"
    ENDPOINT_NOT_SENDING = "endpoint.not_sending"
    FILE_BOTH_SOURCES = "file.both_sources"
    FILE_COUNT_LIMIT = "file.count_limit"
    FILE_DIGEST_DIFFERS = "file.digest_differs"
    FILE_EXTENSION_REFUSED = "file.extension_refused"
    FILE_EXTERNAL_REFUSED = "file.external_refused"
    FILE_FAILED_VALIDATION = "file.failed_validation"
    FILE_INCOMPLETE = "file.incomplete"
    FILE_NAME_INVALID = "file.name_invalid"
    FILE_NAME_RETIRED = "file.name_retired"
    FILE_NAME_TAKEN = "file.name_taken"
    FILE_NO_SOURCE = "file.no_source"
    FILE_TOO_LARGE = "file.too_large"
    FILE_TYPE_REFUSED = "file.type_refused"
    FILE_URL_INVALID = "file.url_invalid"
    GONE = "gone"
    INVALID = "invalid"
    IS_DELETED = "is_deleted"
    KEY_REVOKED = "key.revoked"
    KEY_SCOPE_UNKNOWN = "key.scope_unknown"
    LABEL_NAME_TAKEN = "label.name_taken"
    MEMBER_EXISTS = "member.exists"
    MEMBER_LAST_ADMIN = "member.last_admin"
    MOVED = "moved"
    NOT_ALLOWED = "not_allowed"
    NOT_DELETED = "not_deleted"
    NOT_FOUND = "not_found"
    ORGANIZATION_TAKEN = "organization.taken"
    PUBLISHER_LAST = "publisher.last"
    QUOTA_EXCEEDED = "quota.exceeded"
    ROLE_BUILT_IN = "role.built_in"
    ROLE_IN_USE = "role.in_use"
    ROLE_NAME_TAKEN = "role.name_taken"
    STORAGE_EXTERNAL = "storage.external"
    STORAGE_FULL = "storage.full"
    STORAGE_UNAVAILABLE = "storage.unavailable"
    TEAM_OWNER = "team.owner"
    UPLOAD_DIFFERS = "upload.differs"
    UPLOAD_INCOMPLETE = "upload.incomplete"
    UPLOAD_STATE = "upload.state"
    VERSION_FILES_PENDING = "version.files_pending"
    VERSION_HAS_NO_FILES = "version.has_no_files"
    VERSION_IS_ACTIVE = "version.is_active"
    VERSION_IS_SEALED = "version.is_sealed"
    VERSION_NOT_PUBLISHED = "version.not_published"
    VERSION_NUMBER_INVALID = "version.number_invalid"
    VERSION_NUMBER_TAKEN = "version.number_taken"
    VERSION_STATE = "version.state"


class DomainError(Exception):
    """`code` for machines, `message` for people, `params` name the values concerned, `field` the input at fault."""

    def __init__(self, code: ErrorCode, message: str, *, field: str = "", **params: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.params = params


class Invalid(DomainError):
    """A value cannot be accepted as it is."""


class Rejected(DomainError):
    """The bytes or the reference are well formed but refused by a policy."""


class Denied(DomainError):
    """The actor sees the thing but may not do this to it."""

    def __init__(self, message: str = "You are not allowed to do this.", **params: Any) -> None:
        super().__init__(ErrorCode.NOT_ALLOWED, message, **params)


class NotFound(DomainError):
    """Absent, or hidden from the actor: both look the same."""

    def __init__(self, message: str = "There is nothing here, or you may not see it.", **params: Any) -> None:
        super().__init__(ErrorCode.NOT_FOUND, message, **params)


class Gone(DomainError):
    """Was public once and is no more; the message is the reason that was given."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(ErrorCode.GONE, reason or "This was removed.")


class Moved(DomainError):
    """The caller may see it, under another slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(ErrorCode.MOVED, f"This download is now called {slug}.", slug=slug)
        self.slug = slug


class Conflict(DomainError):
    """The present state forbids it."""


class StorageUnavailable(DomainError):
    """The storage did not answer or refused."""

    def __init__(self, message: str = "The file storage cannot be reached. Try again later.") -> None:
        super().__init__(ErrorCode.STORAGE_UNAVAILABLE, message)


class StorageFull(DomainError):
    """No room left for the bytes."""

    def __init__(self, message: str = "The file storage is full. Tell the operator of this hub.") -> None:
        super().__init__(ErrorCode.STORAGE_FULL, message)


def domain_error_of(error: BaseException | None) -> DomainError | None:
    """Return the domain error for what a race or a hostile value caused below the domain, or None for any other fault.

    The rules should have refused it earlier, so the log keeps the traceback: as an error where no race explains it.
    """
    if isinstance(error, DomainError):
        return error
    if isinstance(error, ObjectDoesNotExist):  # another request deleted the row after this one had found it
        log.warning("A row is missing that was there before.", exc_info=error)
        return NotFound()
    if isinstance(error, IntegrityError):
        level = logging.WARNING if _constraint_kind(error) in RACES else logging.ERROR
        log.log(level, "The database refused a change.", exc_info=error)
        return Conflict(ErrorCode.CONFLICT, CHANGED_MEANWHILE)
    if isinstance(error, DataError):
        log.warning("The database cannot store a value.", exc_info=error)
        return Invalid(ErrorCode.INVALID, CANNOT_BE_STORED)
    return None


def _constraint_kind(error: IntegrityError) -> str:
    """Return the SQLSTATE of PostgreSQL or the name that SQLite gives to the error."""
    cause = error.__cause__
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", ""))
