"""The error format of the engine dialect, `{"error", "description"}`, and the exceptions that only it raises."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import exceptions, serializers

from releasehub.api.common.envelope import PLAIN_CODES, Envelope, EnvelopeMixin
from releasehub.api.common.problem_kinds import MESSAGES as COMMON_MESSAGES
from releasehub.api.common.problem_kinds import STATUSES, ProblemKind
from releasehub.api.common.problems import Problem
from releasehub.core.errors import ErrorCode

CODES = {**PLAIN_CODES, ProblemKind.REJECTED: "invalid_input"}
MESSAGES = {
    ProblemKind.NO_KEY: "This request needs an API key. Send it in the header Authorization.",
    ProblemKind.UNSUPPORTED_MEDIA: "Send a JSON body with the content type application/json.",
}


class EngineErrorSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="A stable code for programs")
    description = serializers.CharField(help_text="A sentence for people; it may change")


class EngineEnvelope(Envelope):
    """The error format. Rejected files and used version numbers are 400, the only error of a write in the contract."""

    statuses = {**STATUSES, ProblemKind.REJECTED: 400}

    def status(self, problem: Problem) -> int:
        return 400 if problem.code == ErrorCode.VERSION_NUMBER_TAKEN else super().status(problem)

    def body(self, problems: Sequence[Problem]) -> Any:
        return {
            "error": self._code(problems[0]),
            "description": " ".join(MESSAGES.get(problem.kind, problem.sentence) for problem in problems),
        }

    def _code(self, problem: Problem) -> str:
        if self.status(problem) == 400 and problem.kind is not ProblemKind.OTHER:
            return "invalid_input"
        return CODES.get(problem.kind) or problem.code.replace(".", "_") or problem.kind.value


engine_envelope = EngineEnvelope()


class EngineEnvelopeMixin(EnvelopeMixin):
    envelope = engine_envelope
    error_serializer = EngineErrorSerializer


class InvalidQuery(exceptions.APIException):
    """A parameter of the query string is invalid; `error` has the wording of the contract."""

    status_code = 400
    default_code = "Invalid query parameters"

    def __init__(self, errors: Mapping[str, Any]) -> None:
        super().__init__(" ".join(f"{name}: {message}" for name, messages in errors.items() for message in messages))


class AnonymousAgent(exceptions.APIException):
    status_code = 403
    default_code = "user_agent_required"
    default_detail = (
        "Send a User-Agent that names your application, such as my-updater/1.2 (+https://example.com). "
        "The name of an HTTP library alone is not enough."
    )


class NoRoute(exceptions.APIException):
    status_code = 404
    default_code = "not_found"
    default_detail = COMMON_MESSAGES[ProblemKind.NO_ROUTE]
