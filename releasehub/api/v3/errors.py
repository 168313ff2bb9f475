"""The error format of the v3 dialect: `{"message", "code"}`, with codes in capital letters."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from releasehub.api.common.envelope import ERROR_ANSWERS, Envelope, EnvelopeMixin
from releasehub.api.common.problem_kinds import STATUSES, ProblemKind
from releasehub.api.common.problems import Problem
from releasehub.core.errors import ErrorCode

CODES = {
    ProblemKind.UNREADABLE: "INVALID_BODY",
    ProblemKind.MISSING: "REQUIRED_FIELD",
    ProblemKind.NO_KEY: "UNAUTHORIZED",
    ProblemKind.UNKNOWN_KEY: "INVALID_TOKEN",
    ProblemKind.INACTIVE_KEY: "INACTIVE_TOKEN",
    ProblemKind.DENIED: "FORBIDDEN",
    ProblemKind.NOT_FOUND: "NOT_FOUND",
    ProblemKind.NO_ROUTE: "ROUTE_NOT_FOUND",
    ProblemKind.NO_VERB: "METHOD_NOT_ALLOWED",
    ProblemKind.TOO_LARGE: "BODY_TOO_LARGE",
    ProblemKind.TOO_SLOW: "BODY_TOO_SLOW",
    ProblemKind.LENGTH_REQUIRED: "LENGTH_REQUIRED",
    ProblemKind.TOO_MANY_UPLOADS: "TOO_MANY_UPLOADS",
    ProblemKind.OVERLOADED: "OVERLOADED",
    ProblemKind.UNSUPPORTED_MEDIA: "UNSUPPORTED_MEDIA_TYPE",
    ProblemKind.UNSUPPORTED_ENCODING: "UNSUPPORTED_ENCODING",
    ProblemKind.DATABASE_UNAVAILABLE: "UNAVAILABLE",
    ProblemKind.READ_ONLY: "READ_ONLY",
    ProblemKind.UNEXPECTED: "INTERNAL_ERROR",
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
MESSAGES = {ProblemKind.NO_KEY: "This request needs a token. Send it in the header Authorization: Bearer."}
ANSWERS = ERROR_ANSWERS | {
    "401": "The token is missing, unknown, revoked or expired.",
    "403": "The token lacks a scope, or its user lacks a permission.",
    "405": "The resource does not support this HTTP method.",
    "422": "The Idempotency-Key was used for another request.",
}


class V3ErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField(help_text="A sentence for people; it may change")
    code = serializers.CharField(help_text="A stable code for programs")


class V3Envelope(Envelope):
    statuses = {**STATUSES, ProblemKind.REJECTED: 400}

    def body(self, problems: Sequence[Problem]) -> Any:
        """Return the body with the first problem; its message names the field."""
        first = problems[0]
        return {"message": MESSAGES.get(first.kind, first.sentence), "code": self._code(first)}

    def _code(self, problem: Problem) -> str:
        code = CODES.get(problem.kind) or DOMAIN_CODES.get(problem.code)  # type: ignore[call-overload]
        return code or (problem.code or "invalid_field").replace(".", "_").upper()


v3_envelope = V3Envelope()


class V3EnvelopeMixin(EnvelopeMixin):
    envelope = v3_envelope
    error_serializer = V3ErrorSerializer
    error_answers = ANSWERS
