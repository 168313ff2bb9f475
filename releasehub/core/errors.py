"""Errors of the domain. They know nothing of HTTP: each API dialect maps their class and code to its own response."""

from enum import StrEnum
from typing import Any

READ_ONLY_MESSAGE = (
    "The hub accepts no changes at the moment, because its data is being moved. Try again in a few minutes."
)


class ErrorCode(StrEnum):
    """Stable, machine-readable error codes of the whole hub."""

    CATEGORY_NOT_EMPTY = "category.not_empty"
    CATEGORY_CYCLE = "category.cycle"
    CATEGORY_CLOSED = "category.closed"
    COMMENT_REPEATED = "comment.repeated"
    COMMENT_TOO_MANY_LINKS = "comment.too_many_links"
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
    FILE_QUARANTINED = "file.quarantined"
    FILE_STATE = "file.state"
    FILE_TOO_LARGE = "file.too_large"
    FILE_TYPE_REFUSED = "file.type_refused"
    FILE_URL_INVALID = "file.url_invalid"
    GONE = "gone"
    INVALID = "invalid"
    INVITATION_ENDED = "invitation.ended"
    INVITATION_ORGANIZATION = "invitation.organization_required"
    IS_DELETED = "is_deleted"
    KEY_REVOKED = "key.revoked"
    KEY_SCOPE_UNKNOWN = "key.scope_unknown"
    LABEL_NAME_TAKEN = "label.name_taken"
    LEGAL_HOLD = "legal_hold"
    MEMBER_EXISTS = "member.exists"
    MEMBER_LAST_ADMIN = "member.last_admin"
    USER_LAST_ADMINISTRATOR = "user.last_administrator"
    USERNAME_TAKEN = "user.name_taken"
    MOVED = "moved"
    NOT_ALLOWED = "not_allowed"
    NOT_DELETED = "not_deleted"
    NOT_FOUND = "not_found"
    NOT_HELD = "not_held"
    ORGANIZATION_TAKEN = "organization.taken"
    PICTURE_COUNT_LIMIT = "picture.count_limit"
    PICTURE_REFUSED = "picture.refused"
    PUBLISHER_LAST = "publisher.last"
    QUOTA_EXCEEDED = "quota.exceeded"
    REVIEW_EXISTS = "review.exists"
    ROLE_BUILT_IN = "role.built_in"
    ROLE_IN_USE = "role.in_use"
    ROLE_NAME_TAKEN = "role.name_taken"
    STORAGE_EXTERNAL = "storage.external"
    STORAGE_FULL = "storage.full"
    STORAGE_UNAVAILABLE = "storage.unavailable"
    TEAM_OWNER = "team.owner"
    THROTTLED = "throttled"
    READ_ONLY = "read_only"
    REPORT_CLOSED = "report.closed"
    REPORT_OPEN = "report.open"
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
    VERSION_TAG_TAKEN = "version.tag_taken"


class DomainError(Exception):
    """The base class of all domain errors.

    Attributes:
        code: A stable code for clients.
        field: The name of the invalid input, if there is one.
    """

    def __init__(self, code: ErrorCode, message: str, *, field: str = "", **params: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.params = params


class Invalid(DomainError):
    def __init__(self, message: str, *, field: str = "", code: ErrorCode = ErrorCode.INVALID, **params: Any) -> None:
        super().__init__(code, message, field=field, **params)


class Rejected(DomainError):
    """The content or the URL is well formed, but a rule of the hub forbids it."""


class Denied(DomainError):
    """The actor may see the target, but not take this action on it."""

    def __init__(self, message: str = "You do not have permission to do this.", **params: Any) -> None:
        super().__init__(ErrorCode.NOT_ALLOWED, message, **params)


class NotFound(DomainError):
    """The target does not exist or is hidden from the actor. The error does not reveal which."""

    def __init__(self, message: str = "", **params: Any) -> None:
        text = message or "Not found, or you do not have permission to see it."
        super().__init__(ErrorCode.NOT_FOUND, text, **params)


class Gone(DomainError):
    """The target was public once, but was removed. The message is the reason that its owner gave."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(ErrorCode.GONE, reason or "This item was removed and is no longer available.")


class Moved(DomainError):
    """The target has another slug now. It is raised only if the actor may see the target."""

    def __init__(self, slug: str) -> None:
        super().__init__(ErrorCode.MOVED, f"The slug of this download has changed to {slug}.", slug=slug)
        self.slug = slug


class Conflict(DomainError):
    """The current state of the target does not allow the action."""


class TooMany(DomainError):
    """The actor did something too often. `wait` is the number of seconds until it is possible again."""

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(ErrorCode.THROTTLED, message)
        self.wait = wait


class ReadOnly(DomainError):
    """The hub accepts no changes, because an operator moves its data."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.READ_ONLY, READ_ONLY_MESSAGE)


class StorageUnavailable(DomainError):
    """The file storage did not respond, or refused the request."""

    def __init__(self, message: str = "The file storage cannot be reached. Try again later.") -> None:
        super().__init__(ErrorCode.STORAGE_UNAVAILABLE, message)


class StorageFull(DomainError):
    def __init__(self, message: str = "The file storage is full. Contact the operator of this hub.") -> None:
        super().__init__(ErrorCode.STORAGE_FULL, message)
