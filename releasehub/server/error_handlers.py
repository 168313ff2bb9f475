"""Handlers for errors outside any view: an HTML page for people, and the error format of its dialect for each API."""

import sys

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext, gettext_noop
from rest_framework.exceptions import Throttled

from releasehub.api.common.problem_kinds import STATUSES, ProblemKind
from releasehub.api.common.problems import Problem, problem, problems_of
from releasehub.api.dialects import envelope_of
from releasehub.core.database_errors import RETRY_AFTER_SECONDS, domain_error_of, is_outage
from releasehub.core.errors import ReadOnly
from releasehub.core.rates import Rate
from releasehub.core.read_only import RETRY_AFTER_SECONDS as READ_ONLY_RETRY_AFTER_SECONDS
from releasehub.pages import errors as pages
from releasehub.server.request_middleware import BadUrl

UNKNOWN_HOST = gettext_noop("This hub does not accept the host name in the URL.")
UNKNOWN_HOST_ADVICE = gettext_noop(
    "Open the hub under its public URL. If you are the operator, add the name to ALLOWED_HOSTS or set "
    "RELEASEHUB_PUBLIC_URL, and restart the hub."
)
REFUSALS = {
    ProblemKind.TOO_LARGE: "",
    ProblemKind.TOO_SLOW: gettext_noop(
        "The request body did not arrive in time. Send it again over a faster connection."
    ),
    ProblemKind.LENGTH_REQUIRED: gettext_noop("The request broke off before its body was complete. Send it again."),
    ProblemKind.UNSUPPORTED_ENCODING: gettext_noop(
        "The request body is compressed. Send it without compression and without the header Content-Encoding."
    ),
    ProblemKind.TOO_MANY_UPLOADS: gettext_noop(
        "Too many uploads are arriving at the same time. Try again in a few seconds."
    ),
    ProblemKind.OVERLOADED: gettext_noop(
        "The hub is answering too many requests at the moment. Try again in a few seconds."
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Respond with status 400, with the reason only if the hub itself knows it.

    The messages of Django are not shown, because they may quote what the client sent.
    """
    reason, advice = str(exception) if isinstance(exception, BadUrl) else "", ""
    if isinstance(exception, DisallowedHost):
        reason, advice = gettext(UNKNOWN_HOST), gettext(UNKNOWN_HOST_ADVICE)
    envelope = envelope_of(request.path_info)
    if envelope is None:
        return pages.error_page(request, 400, reason, advice)
    return envelope.answer(
        Problem(ProblemKind.UNREADABLE, f"{reason} {advice}".strip()) if reason else problem(ProblemKind.UNREADABLE)
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _api_response(request, ProblemKind.DENIED) or pages.forbidden(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _api_response(request, ProblemKind.NO_ROUTE) or pages.not_found(request, exception)


def refuse(request: HttpRequest, kind: ProblemKind) -> HttpResponse:
    """Respond to a request that is refused before its view runs. The kind is one of `REFUSALS`."""
    status = STATUSES[kind]
    response = _api_response(request, kind) or pages.error_page(request, status, gettext(REFUSALS[kind]))
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 415:
        response["Accept-Encoding"] = "identity"  # the only one that the hub reads (RFC 9110, section 12.5.3)
    return response


def read_only(request: HttpRequest) -> HttpResponseBase:
    response = _api_response(request, ProblemKind.READ_ONLY) or pages.error_response(request, ReadOnly())
    response["Retry-After"] = str(READ_ONLY_RETRY_AFTER_SECONDS)
    return response


def too_many(request: HttpRequest, rate: Rate) -> HttpResponse:
    wait = max(rate.seconds_left, 1)
    envelope = envelope_of(request.path_info)
    if envelope is not None:
        response: HttpResponse = envelope.answer(problems_of(Throttled(wait))[0])
    else:
        text = gettext("Your network sent too many requests. Try again in %(wait)s seconds.")
        response = pages.error_page(request, 429, text % {"wait": wait})
    response["Retry-After"] = str(wait)
    return response


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Respond to an exception that no view caught.

    In the pages and the admin too, a race or a hostile value is a client error and not a fault of the hub.
    """
    error = sys.exc_info()[1]
    envelope = envelope_of(request.path_info)
    if envelope is not None:
        return envelope.answer(
            problems_of(error)[0] if isinstance(error, Exception) else problem(ProblemKind.UNEXPECTED)
        )
    if refusal := domain_error_of(error):
        return pages.error_response(request, refusal)
    return pages.unavailable(request) if is_outage(error) else pages.server_error(request)


def _api_response(request: HttpRequest, kind: ProblemKind) -> HttpResponse | None:
    envelope = envelope_of(request.path_info)
    return envelope.answer(problem(kind)) if envelope else None
