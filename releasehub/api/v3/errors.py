"""`{"message", "code"}`; the codes are names in capitals."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from releasehub.api.common.envelope import ERROR_ANSWERS, Envelope, EnvelopeMixin
from releasehub.api.common.problems import STATUSES, Kind, Problem
from releasehub.core.errors import ErrorCode

CODES = {
    Kind.UNREADABLE: "INVALID_BODY",
    Kind.MISSING: "REQUIRED_FIELD",
    Kind.NO_KEY: "UNAUTHORIZED",
    Kind.UNKNOWN_KEY: "INVALID_TOKEN",
    Kind.INACTIVE_KEY: "INACTIVE_TOKEN",
    Kind.DENIED: "FORBIDDEN",
    Kind.NOT_FOUND: "NOT_FOUND",
    Kind.NO_ROUTE: "ROUTE_NOT_FOUND",
    Kind.NO_VERB: "METHOD_NOT_ALLOWED",
    Kind.TOO_LARGE: "BODY_TOO_LARGE",
    Kind.TOO_SLOW: "BODY_TOO_SLOW",
    Kind.TOO_MANY_UPLOADS: "TOO_MANY_UPLOADS",
    Kind.UNSUPPORTED_MEDIA: "UNSUPPORTED_MEDIA_TYPE",
    Kind.DATABASE_UNAVAILABLE: "UNAVAILABLE",
    Kind.UNEXPECTED: "INTERNAL_ERROR",
}
DOMAIN_CODES = {
    ErrorCode.INVALID: "INVALID_FIELD",
    ErrorCode.VERSION_FILES_PENDING: "RELEASE_FILES_PENDING",
    ErrorCode.VERSION_HAS_NO_FILES: "RELEASE_HAS_NO_FILES",
    ErrorCode.VERSION_IS_SEALED: "RELEASE_PUBLISHED",
    ErrorCode.VERSION_NOT_PUBLISHED: "RELEASE_NOT_PUBLISHED",
    ErrorCode.VERSION_NUMBER_INVALID: "INVALID_FIELD",
    ErrorCode.VERSION_NUMBER_TAKEN: "RELEASE_EXISTS",
    ErrorCode.VERSION_STATE: "RELEASE_STATE",
}
MESSAGES = {Kind.NO_KEY: "This needs a token: send it as Authorization: Bearer."}
ANSWERS = ERROR_ANSWERS | {
    "401": "No token, an unknown or an expired one.",
    "403": "The token's scope or its user's permission is missing, or the token is inactive.",
    "405": "No such verb here.",
    "422": "The Idempotency-Key belongs to another request.",
}


class V3ErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField(help_text="For people; may change")
    code = serializers.CharField(help_text="For machines")


class V3Envelope(Envelope):
    statuses = {**STATUSES, Kind.REJECTED: 400}

    def body(self, problems: Sequence[Problem]) -> Any:
        """The first problem; the message says which field it is about."""
        first = problems[0]
        message = MESSAGES.get(first.kind, first.message)
        if first.field and first.field not in message:
            message = f"{first.field}: {message}"
        return {"message": message, "code": self._code(first)}

    def _code(self, found: Problem) -> str:
        known = CODES.get(found.kind) or DOMAIN_CODES.get(found.code)  # type: ignore[call-overload]
        return known or (found.code or "invalid_field").replace(".", "_").upper()


v3_envelope = V3Envelope()


class V3EnvelopeMixin(EnvelopeMixin):
    envelope = v3_envelope
    error_serializer = V3ErrorSerializer
    error_answers = ANSWERS
