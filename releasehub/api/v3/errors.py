"""The error format of the v3 dialect: `{"message", "code"}`, with codes in capital letters."""

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
MESSAGES = {Kind.NO_KEY: "This request needs a token. Send it in the header Authorization: Bearer."}
ANSWERS = ERROR_ANSWERS | {
    "401": "The token is missing, unknown or expired.",
    "403": "The token lacks a scope, its user lacks a permission, or the token is inactive.",
    "405": "The resource does not support this HTTP method.",
    "422": "The Idempotency-Key was used for another request.",
}


class V3ErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField(help_text="A sentence for people; it may change")
    code = serializers.CharField(help_text="A stable code for programs")


class V3Envelope(Envelope):
    statuses = {**STATUSES, Kind.REJECTED: 400}

    def body(self, problems: Sequence[Problem]) -> Any:
        """Return the body with the first problem; its message names the field."""
        first = problems[0]
        message = MESSAGES.get(first.kind, first.message)
        if first.field and first.field not in message:
            message = f"{first.field}: {message}"
        return {"message": message, "code": self._code(first)}

    def _code(self, problem: Problem) -> str:
        known = CODES.get(problem.kind) or DOMAIN_CODES.get(problem.code)  # type: ignore[call-overload]
        return known or (problem.code or "invalid_field").replace(".", "_").upper()


v3_envelope = V3Envelope()


class V3EnvelopeMixin(EnvelopeMixin):
    envelope = v3_envelope
    error_serializer = V3ErrorSerializer
    error_answers = ANSWERS
