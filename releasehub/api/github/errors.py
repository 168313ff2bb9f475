"""The error format of the GitHub dialect: `{"message", "documentation_url", "status"}`, and `errors` for a 422."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import JsonResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException

from releasehub.api.common.envelope import ERROR_ANSWERS, Envelope, EnvelopeMixin
from releasehub.api.common.problem_kinds import STATUSES, ProblemKind
from releasehub.api.common.problems import Problem
from releasehub.api.github.terms import constant_headers
from releasehub.core.errors import ErrorCode
from releasehub.core.site import site_url

DOCUMENTATION_PATH = "/api/docs/github/"
MESSAGES = {
    ProblemKind.NO_KEY: "Requires authentication",
    ProblemKind.UNKNOWN_KEY: "Bad credentials",
    ProblemKind.INACTIVE_KEY: "Bad credentials",
    ProblemKind.NOT_FOUND: "Not Found",
    ProblemKind.NO_ROUTE: "Not Found",
    ProblemKind.NO_VERB: "Not Found",
    ProblemKind.GONE: "Not Found",
}
PREFIXES = {
    ProblemKind.DENIED: "Resource not accessible by personal access token: ",
    ProblemKind.UNREADABLE: "Problems parsing JSON: ",
}
TAKEN = frozenset({ErrorCode.FILE_NAME_TAKEN, ErrorCode.VERSION_NUMBER_TAKEN, ErrorCode.VERSION_TAG_TAKEN})
TOO_MANY_REQUESTS = 429
UNPROCESSABLE = 422
ANSWERS = {status: text for status, text in ERROR_ANSWERS.items() if status not in {"409", "412", "415"}} | {
    "400": "The body is not a JSON object, or the request has two different keys.",
    "401": "The request needs a key, or its key is unknown, revoked or expired.",
    "404": "The object does not exist, or the caller may not see it.",
    "412": "The object has changed since it was read (`If-Match`).",
    "415": "The body is compressed.",
    "422": "A member is missing or invalid, the name is taken, or the release is immutable.",
}


class GitHubFieldErrorSerializer(serializers.Serializer[Any]):
    resource = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField(help_text="missing_field, invalid, already_exists, or custom with a message")
    message = serializers.CharField(required=False)


class GitHubErrorSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    documentation_url = serializers.CharField()
    status = serializers.CharField(help_text="The HTTP status, as text")
    errors = GitHubFieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class NoGitHubRoute(APIException):
    status_code = 404
    default_detail = "Not Found"
    default_code = "no_route"


class GitHubEnvelope(Envelope):
    """The error format. `resource` is the name of the object that the requests of a view set are about."""

    statuses: ClassVar[dict[ProblemKind, int]] = {
        **STATUSES,
        ProblemKind.CONFLICT: UNPROCESSABLE,
        ProblemKind.GONE: 404,
        ProblemKind.INVALID: UNPROCESSABLE,
        ProblemKind.MISSING: UNPROCESSABLE,
        ProblemKind.NO_VERB: 404,
    }

    def __init__(self, resource: str) -> None:
        self.resource = resource

    def status(self, problem: Problem) -> int:
        """Return the status. A problem of the whole request, such as two keys, is not a validation error."""
        is_whole = problem.kind is ProblemKind.INVALID and not problem.field
        return 400 if is_whole else super().status(problem)

    def body(self, problems: Sequence[Problem]) -> Any:
        status = self.status(problems[0])
        shown = {"message": _message(problems[0], status)}
        if status == UNPROCESSABLE:
            shown["errors"] = [self._entry(problem) for problem in problems]  # type: ignore[assignment]
        return shown | {
            "documentation_url": f"{site_url()}{DOCUMENTATION_PATH}",
            "status": str(status),
        }

    def answer(self, problem: Problem) -> JsonResponse:
        body, status = self.body([problem]), self.status(problem)
        return JsonResponse(body, status=status, json_dumps_params={"indent": 2}, headers=constant_headers())

    def _entry(self, problem: Problem) -> dict[str, str]:
        """Return one entry of `errors`. gh shows the message of the code `custom` only."""
        entry = {"resource": self.resource, "field": problem.field}
        if problem.code in TAKEN:
            return entry | {"code": "already_exists", "message": problem.message}
        if problem.kind is ProblemKind.MISSING:
            return entry | {"code": "missing_field"}
        return entry | {"code": "custom" if problem.code else "invalid", "message": problem.message}


def _message(problem: Problem, status: int) -> str:
    if problem.code == ErrorCode.VERSION_IS_SEALED:
        return f"This is an immutable release. {problem.message}"
    if status == TOO_MANY_REQUESTS:
        return f"API rate limit exceeded. {problem.message}"
    if status == UNPROCESSABLE:
        return "Validation Failed"
    return MESSAGES.get(problem.kind) or PREFIXES.get(problem.kind, "") + problem.message


github_envelope = GitHubEnvelope("Release")
asset_envelope = GitHubEnvelope("ReleaseAsset")


class GitHubEnvelopeMixin(EnvelopeMixin):
    envelope = github_envelope
    error_serializer = GitHubErrorSerializer
    error_answers = ANSWERS
    field_names = {
        "tag": "tag_name",
        "number": "tag_name",
        "commitish": "target_commitish",
        "title": "name",
        "release_notes": "body",
        "changelog": "body",
        "channel": "prerelease",
        "filename": "name",
        "display_label": "label",
    }
