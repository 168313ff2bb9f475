"""`{"error", "description"}` for everything that fails."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from releasehub.api.common.envelope import Envelope, EnvelopeMixin
from releasehub.api.common.problems import STATUSES, Kind, Problem
from releasehub.core.errors import ErrorCode

CODES = {
    Kind.UNREADABLE: "invalid_input",
    Kind.MISSING: "invalid_input",
    Kind.INVALID: "invalid_input",
    Kind.REJECTED: "invalid_input",
    Kind.NO_KEY: "unauthorized",
    Kind.UNKNOWN_KEY: "unauthorized",
    Kind.INACTIVE_KEY: "unauthorized",
    Kind.DENIED: "forbidden",
    Kind.NO_ROUTE: "not_found",
    Kind.NO_VERB: "method_not_allowed",
}
MESSAGES = {
    Kind.NO_KEY: "This needs an API key: send it as Authorization.",
    Kind.UNSUPPORTED_MEDIA: "Send a JSON body, as application/json.",
}


class EngineErrorSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="For machines")
    description = serializers.CharField(help_text="For people; may change")


class EngineEnvelope(Envelope):
    """Refused bytes and used numbers are 400, the only failure of a write that the contract knows."""

    statuses = {**STATUSES, Kind.REJECTED: 400, Kind.INACTIVE_KEY: 401}

    def status(self, problem: Problem) -> int:
        return 400 if problem.code == ErrorCode.VERSION_NUMBER_TAKEN else super().status(problem)

    def body(self, problems: Sequence[Problem]) -> Any:
        return {"error": self._code(problems[0]), "description": " ".join(self._sentence(found) for found in problems)}

    def _code(self, found: Problem) -> str:
        if self.status(found) == 400 and found.kind is not Kind.OTHER:
            return "invalid_input"
        return CODES.get(found.kind) or found.code.replace(".", "_") or found.kind.value

    def _sentence(self, found: Problem) -> str:
        if found.kind in MESSAGES:
            return MESSAGES[found.kind]
        named = not found.field or found.field in found.message
        return found.message if named else f"{found.field}: {found.message}"


engine_envelope = EngineEnvelope()


class EngineEnvelopeMixin(EnvelopeMixin):
    envelope = engine_envelope
    error_serializer = EngineErrorSerializer
