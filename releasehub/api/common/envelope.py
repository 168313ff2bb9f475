"""Error responses in the format of a dialect, whether the error happens in a view or before one is found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from releasehub.api.common.problem_kinds import STATUSES, TEMPORARY, ProblemKind
from releasehub.api.common.problems import Problem, problem, problems_of
from releasehub.core.database_errors import RETRY_AFTER_SECONDS
from releasehub.core.errors import ErrorCode, Moved
from releasehub.core.requests import renamed_url

PHRASE = "mc_dm_api_error."
ERROR_ANSWERS = {
    "400": "A parameter is missing or invalid.",
    "401": "The key is missing, unknown, revoked or expired.",
    "403": "The key lacks a scope, or its user lacks a permission.",
    "404": "The object does not exist, or the caller may not see it.",
    "408": "The body did not arrive in time.",
    "409": "The current state of the object does not allow this.",
    "411": "The request has no Content-Length, and its chunked body broke off or has trailer fields.",
    "412": "The object has changed since it was read (`If-Match`).",
    "413": "The body is too large.",
    "415": "The body is not a form, a multipart form or JSON, or it is compressed.",
    "422": "A policy rejects the content, or the Idempotency-Key was used for another request.",
    "500": "An internal error occurred.",
    "503": "The hub is overloaded, or its database or file storage is unavailable.",
    "507": "The file storage is full.",
}
# The codes of the engine and the entity dialect.
PLAIN_CODES = {
    ProblemKind.UNREADABLE: "invalid_input",
    ProblemKind.MISSING: "invalid_input",
    ProblemKind.INVALID: "invalid_input",
    ProblemKind.NO_KEY: "unauthorized",
    ProblemKind.UNKNOWN_KEY: "unauthorized",
    ProblemKind.INACTIVE_KEY: "unauthorized",
    ProblemKind.DENIED: "forbidden",
    ProblemKind.NO_ROUTE: "not_found",
    ProblemKind.NO_VERB: "method_not_allowed",
}


class Envelope:
    """The error format of a dialect, which implements `body` and may replace statuses."""

    statuses: ClassVar[Mapping[ProblemKind, int]] = STATUSES

    def body(self, problems: Sequence[Problem]) -> Any:
        """Return the JSON body of the error; the fields in it have their names on the wire."""
        raise NotImplementedError

    def status(self, problem: Problem) -> int:
        return problem.status or self.statuses[problem.kind]

    def exception_handler(self, error: Exception, context: dict[str, Any]) -> Response:
        set_rollback()
        names: Mapping[str, str] = getattr(context.get("view"), "field_names", {})
        problems = [replace(item, field=names.get(item.field, item.field)) for item in problems_of(error)]
        status = self.status(problems[0])
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else _retry_after(problems[0])
        if isinstance(error, Moved):
            headers |= {"Location": renamed_url(context["request"]._request, error.slug), "Cache-Control": "no-store"}
        if (wait := getattr(error, "wait", None)) is not None:  # 0 at the end of a window
            headers["Retry-After"] = str(int(wait) + 1)
        return Response(self.body(problems), status=status, headers=headers)

    def answer(self, problem: Problem) -> JsonResponse:
        """Return the response to an error outside of any view, such as an unknown route or an invalid host."""
        return JsonResponse(self.body([problem]), status=self.status(problem), headers=_retry_after(problem))

    @method_decorator(csrf_exempt)
    def no_route(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Answer a request that no route of the dialect matches; this is a view."""
        return self.answer(problem(ProblemKind.NO_ROUTE))


def _retry_after(found: Problem) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if found.kind in TEMPORARY else {}


class EnvelopeMixin:
    """The error format of a view set. `field_names` maps the name of an input in the domain to its name on the wire."""

    envelope: ClassVar[Envelope]
    error_serializer: ClassVar[type[serializers.Serializer[Any]]]
    error_answers: ClassVar[Mapping[str, str]] = ERROR_ANSWERS
    field_names: ClassVar[dict[str, str]] = {}

    def get_exception_handler(self) -> Callable[..., Response]:
        return self.envelope.exception_handler


class HubErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="A stable code for programs")
    message = serializers.CharField(help_text="A sentence for people; it may change")
    params = serializers.JSONField(help_text="An object, or an empty list if there are no parameters")


class HubErrorsSerializer(serializers.Serializer[Any]):
    errors = HubErrorSerializer(many=True)  # type: ignore[assignment]


class HubEnvelope(Envelope):
    """The error format of the mc-dm and the native API: `{"errors": [{code, message, params}]}`."""

    statuses = {**STATUSES, ProblemKind.NO_VERB: 404}
    codes: ClassVar[Mapping[ProblemKind, str]] = {
        ProblemKind.UNREADABLE: "invalid_input",
        ProblemKind.MISSING: "required_input_missing",
        ProblemKind.INVALID: "invalid_input",
        ProblemKind.NO_KEY: "no_api_key_in_request",
        ProblemKind.UNKNOWN_KEY: "api_key_not_found",
        ProblemKind.INACTIVE_KEY: "api_key_inactive",
        ProblemKind.DENIED: "do_not_have_permission",
        ProblemKind.NOT_FOUND: "requested_page_not_found",
        ProblemKind.NO_ROUTE: "endpoint_not_found",
        ProblemKind.NO_VERB: "endpoint_not_found",
        ProblemKind.TOO_LARGE: "request_too_large",
        ProblemKind.TOO_SLOW: "request_too_slow",
        ProblemKind.LENGTH_REQUIRED: "length_required",
        ProblemKind.TOO_MANY_UPLOADS: "too_many_uploads",
        ProblemKind.OVERLOADED: "overloaded",
        ProblemKind.UNSUPPORTED_MEDIA: "unsupported_media_type",
        ProblemKind.UNSUPPORTED_ENCODING: "unsupported_encoding",
        ProblemKind.DATABASE_UNAVAILABLE: "database_unavailable",
        ProblemKind.READ_ONLY: "read_only",
        ProblemKind.UNEXPECTED: "server_error_occurred",
    }
    uploads: ClassVar[Mapping[str, str]] = {
        ErrorCode.FILE_NO_SOURCE: PHRASE + "upload_required",
        ErrorCode.FILE_BOTH_SOURCES: PHRASE + "upload_exclusive",
    }

    def body(self, problems: Sequence[Problem]) -> Any:
        return {"errors": [self._entry(problem) for problem in problems]}

    def _entry(self, problem: Problem) -> dict[str, Any]:
        """Return one entry of the list. Without parameters, `params` is an empty list, as the contract demands."""
        params = dict(problem.params)
        if problem.field:
            params["field"] = problem.field
        if problem.kind is ProblemKind.INVALID and problem.code:
            params.setdefault("reason", problem.code)
        return {"code": self._code(problem), "message": problem.message, "params": params or []}

    def _code(self, problem: Problem) -> str:
        if problem.kind is ProblemKind.OTHER:
            return problem.code
        return self.uploads.get(problem.code) or self.codes.get(problem.kind) or PHRASE + problem.code.replace(".", "_")


hub_envelope = HubEnvelope()


class HubEnvelopeMixin(EnvelopeMixin):
    envelope = hub_envelope
    error_serializer = HubErrorsSerializer
