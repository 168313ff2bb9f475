"""Kinds of problems, with their statuses and messages, and the kinds of domain errors."""

from enum import StrEnum

from releasehub.apikeys.verification import InactiveKey, UnknownKey
from releasehub.core import errors
from releasehub.core.errors import DomainError


class ProblemKind(StrEnum):
    UNREADABLE = "unreadable"
    MISSING = "missing"
    INVALID = "invalid"
    REJECTED = "rejected"
    NO_KEY = "no_key"
    UNKNOWN_KEY = "unknown_key"
    INACTIVE_KEY = "inactive_key"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    NO_ROUTE = "no_route"
    NO_VERB = "no_verb"
    GONE = "gone"
    MOVED = "moved"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    LENGTH_REQUIRED = "length_required"
    TOO_MANY_UPLOADS = "too_many_uploads"
    OVERLOADED = "overloaded"
    UNSUPPORTED_MEDIA = "unsupported_media"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    STORAGE_FULL = "storage_full"
    DATABASE_UNAVAILABLE = "database_unavailable"
    READ_ONLY = "read_only"
    UNEXPECTED = "unexpected"
    OTHER = "other"


STATUSES = {
    ProblemKind.UNREADABLE: 400,
    ProblemKind.MISSING: 400,
    ProblemKind.INVALID: 400,
    ProblemKind.REJECTED: 422,
    ProblemKind.NO_KEY: 401,
    ProblemKind.UNKNOWN_KEY: 401,
    ProblemKind.INACTIVE_KEY: 401,
    ProblemKind.DENIED: 403,
    ProblemKind.NOT_FOUND: 404,
    ProblemKind.NO_ROUTE: 404,
    ProblemKind.NO_VERB: 405,
    ProblemKind.GONE: 410,
    ProblemKind.MOVED: 308,
    ProblemKind.CONFLICT: 409,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.TOO_SLOW: 408,
    ProblemKind.LENGTH_REQUIRED: 411,
    ProblemKind.TOO_MANY_UPLOADS: 503,
    ProblemKind.OVERLOADED: 503,
    ProblemKind.UNSUPPORTED_MEDIA: 415,
    ProblemKind.UNSUPPORTED_ENCODING: 415,
    ProblemKind.STORAGE_UNAVAILABLE: 503,
    ProblemKind.STORAGE_FULL: 507,
    ProblemKind.DATABASE_UNAVAILABLE: 503,
    ProblemKind.READ_ONLY: 503,
    ProblemKind.UNEXPECTED: 500,
}
# Problems that pass by themselves, so the answer says when to try again.
TEMPORARY = frozenset({ProblemKind.TOO_MANY_UPLOADS, ProblemKind.OVERLOADED, ProblemKind.DATABASE_UNAVAILABLE})
DOMAIN_KINDS: dict[type[DomainError], ProblemKind] = {
    UnknownKey: ProblemKind.UNKNOWN_KEY,
    InactiveKey: ProblemKind.INACTIVE_KEY,
    errors.Invalid: ProblemKind.INVALID,
    errors.Rejected: ProblemKind.REJECTED,
    errors.Denied: ProblemKind.DENIED,
    errors.NotFound: ProblemKind.NOT_FOUND,
    errors.Gone: ProblemKind.GONE,
    errors.Moved: ProblemKind.MOVED,
    errors.Conflict: ProblemKind.CONFLICT,
    errors.TooMany: ProblemKind.OTHER,
    errors.ReadOnly: ProblemKind.READ_ONLY,
    errors.StorageUnavailable: ProblemKind.STORAGE_UNAVAILABLE,
    errors.StorageFull: ProblemKind.STORAGE_FULL,
}
MESSAGES = {
    ProblemKind.NO_KEY: "This request needs an API key. Send it in the header XF-Api-Key.",
    ProblemKind.NO_ROUTE: "There is no such endpoint, or it does not support this HTTP method.",
    ProblemKind.NO_VERB: "There is no such endpoint, or it does not support this HTTP method.",
    ProblemKind.TOO_LARGE: "The request body is too large. Send a smaller body.",
    ProblemKind.TOO_SLOW: "The request body did not arrive in time. Send it again over a faster connection.",
    ProblemKind.LENGTH_REQUIRED: "The chunked body broke off, or has trailer fields, which the hub does not read. Send "
    "it with a Content-Length header, or without trailer fields.",
    ProblemKind.TOO_MANY_UPLOADS: "Too many uploads are arriving at the same time. Try again in a few seconds.",
    ProblemKind.OVERLOADED: "The hub is answering too many requests at the moment. Try again in a few seconds.",
    ProblemKind.UNREADABLE: "The request is malformed.",
    ProblemKind.UNSUPPORTED_MEDIA: "Send a form, multipart or JSON body.",
    ProblemKind.UNSUPPORTED_ENCODING: "The request body is compressed. Send it without compression and without the "
    "header Content-Encoding.",
    ProblemKind.DENIED: errors.Denied().message,
    ProblemKind.READ_ONLY: errors.READ_ONLY_MESSAGE,
    ProblemKind.DATABASE_UNAVAILABLE: "The database is unavailable. Try again in a few seconds.",
    ProblemKind.UNEXPECTED: "An internal error occurred. Send the X-Request-Id of this response to the operator.",
}
