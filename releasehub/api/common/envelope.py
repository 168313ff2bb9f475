"""Failures in the form of a dialect, whether they happen in a view or before one is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from releasehub.api.common.problems import STATUSES, Kind, Problem, problem, problems_of
from releasehub.core.errors import ErrorCode, Moved
from releasehub.core.redirects import renamed_url

PHRASE = "mc_dm_api_error."
ERROR_ANSWERS = {
    "400": "A parameter is missing or invalid.",
    "401": "No key, or an unknown one.",
    "403": "The key's scope or its user's permission is missing, or the key is inactive.",
    "404": "Absent, or not visible to the caller.",
    "408": "The body did not arrive in time.",
    "409": "The present state forbids it.",
    "411": "The body has no declared length.",
    "412": "Changed since it was read (`If-Match`).",
    "413": "The body is too large.",
    "415": "The body is neither form, multipart nor JSON.",
    "422": "Refused by a policy, or the Idempotency-Key belongs to another request.",
    "500": "The hub failed.",
    "503": "The file storage cannot be reached, or too many uploads arrive at the same time.",
    "507": "The file storage is full.",
}


class Envelope:
    """How a dialect tells what went wrong. A dialect gives `body`, and its own statuses where it has any."""

    statuses: ClassVar[Mapping[Kind, int]] = STATUSES

    def body(self, problems: Sequence[Problem]) -> Any:
        """What is sent as JSON; fields have their names on the wire."""
        raise NotImplementedError

    def status(self, problem: Problem) -> int:
        return problem.status or self.statuses[problem.kind]

    def exception_handler(self, error: Exception, context: dict[str, Any]) -> Response:
        """The answer to any exception of a view."""
        set_rollback()
        names: Mapping[str, str] = getattr(context.get("view"), "field_names", {})
        problems = [replace(found, field=names.get(found.field, found.field)) for found in problems_of(error)]
        status = self.status(problems[0])
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if isinstance(error, Moved):
            headers |= {"Location": renamed_url(context["request"]._request, error.slug), "Cache-Control": "no-store"}
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
        return Response(self.body(problems), status=status, headers=headers)

    def answer(self, problem: Problem) -> JsonResponse:
        """For failures outside any view: no route, bad host, broken server."""
        return JsonResponse(self.body([problem]), status=self.status(problem))

    @method_decorator(csrf_exempt)
    def no_route(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """A view for whatever no other route of the dialect takes."""
        return self.answer(problem(Kind.NO_ROUTE))


class EnvelopeMixin:
    """For view sets. `field_names`: domain name of an input -> its name on the wire."""

    envelope: ClassVar[Envelope]
    error_serializer: ClassVar[type[serializers.Serializer[Any]]]
    error_answers: ClassVar[Mapping[str, str]] = ERROR_ANSWERS
    field_names: ClassVar[dict[str, str]] = {}

    def get_exception_handler(self) -> Callable[..., Response]:
        return self.envelope.exception_handler


class HubErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For machines")
    message = serializers.CharField(help_text="For people; may change")
    params = serializers.JSONField(help_text="An object, or an empty list when there is none")


class HubErrorsSerializer(serializers.Serializer[Any]):
    errors = HubErrorSerializer(many=True)  # type: ignore[assignment]


class HubEnvelope(Envelope):
    """`{"errors": [{code, message, params}]}`, of the mc-dm and the native API."""

    statuses = {**STATUSES, Kind.NO_VERB: 404}
    codes: ClassVar[Mapping[Kind, str]] = {
        Kind.UNREADABLE: "invalid_input",
        Kind.MISSING: "required_input_missing",
        Kind.INVALID: "invalid_input",
        Kind.NO_KEY: "no_api_key_in_request",
        Kind.UNKNOWN_KEY: "api_key_not_found",
        Kind.INACTIVE_KEY: "api_key_inactive",
        Kind.DENIED: "do_not_have_permission",
        Kind.NOT_FOUND: "requested_page_not_found",
        Kind.NO_ROUTE: "endpoint_not_found",
        Kind.NO_VERB: "endpoint_not_found",
        Kind.TOO_LARGE: "request_too_large",
        Kind.TOO_SLOW: "request_too_slow",
        Kind.TOO_MANY_UPLOADS: "too_many_uploads",
        Kind.UNSUPPORTED_MEDIA: "unsupported_media_type",
        Kind.DATABASE_UNAVAILABLE: "database_unavailable",
        Kind.UNEXPECTED: "server_error_occurred",
    }
    uploads: ClassVar[Mapping[str, str]] = {
        ErrorCode.FILE_NO_SOURCE: PHRASE + "upload_required",
        ErrorCode.FILE_BOTH_SOURCES: PHRASE + "upload_exclusive",
    }

    def body(self, problems: Sequence[Problem]) -> Any:
        return {"errors": [self._entry(found) for found in problems]}

    def _entry(self, found: Problem) -> dict[str, Any]:
        """`params` is an empty list when there is none, as the contract has it."""
        params = dict(found.params)
        if found.field:
            params["field"] = found.field
        if found.kind is Kind.INVALID and found.code:
            params.setdefault("reason", found.code)
        return {"code": self._code(found), "message": found.message, "params": params or []}

    def _code(self, found: Problem) -> str:
        if found.kind is Kind.OTHER:
            return found.code
        return self.uploads.get(found.code) or self.codes.get(found.kind) or PHRASE + found.code.replace(".", "_")


hub_envelope = HubEnvelope()


class HubEnvelopeMixin(EnvelopeMixin):
    envelope = hub_envelope
    error_serializer = HubErrorsSerializer
