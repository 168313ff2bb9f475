"""Error pages. `PageErrorMiddleware` shows one for a domain error that a view raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from releasehub.apikeys.verification import InactiveKey, UnknownKey
from releasehub.core import errors
from releasehub.core.database_errors import RETRY_AFTER_SECONDS
from releasehub.core.domain_messages import translated
from releasehub.core.errors import DomainError, ErrorCode
from releasehub.core.requests import redirect_renamed
from releasehub.distribution.gate import Quarantined
from releasehub.distribution.latest import TooNew
from releasehub.distribution.presented_keys import KeyRefused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STATUS: dict[type[DomainError], int] = {
    UnknownKey: 403,
    InactiveKey: 403,
    errors.Invalid: 400,
    errors.Rejected: 400,
    errors.Denied: 403,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.TooMany: 429,
    errors.ReadOnly: 503,
    errors.StorageUnavailable: 503,
    errors.StorageFull: 507,
}
TITLES = {
    400: _("Bad request"),
    403: _("Permission denied"),
    404: _("Page not found"),
    408: _("Request timeout"),
    409: _("Conflict"),
    410: _("Gone"),
    411: _("Incomplete request"),
    413: _("Request too large"),
    415: _("Unsupported encoding"),
    429: _("Too many requests"),
    500: _("Internal error"),
    503: _("Temporarily unavailable"),
    507: _("The storage is full"),
}
ADVICE = {
    400: _("Go back, check what you entered, and try again."),
    403: _("You do not have permission to do this. Sign in with another account, or ask the owner of the download."),
    404: _(
        "The page does not exist, or you do not have permission to see it. If it is private, sign in "
        "or open the share link that you received."
    ),
    408: _("The request did not arrive in time. Send it again over a faster connection."),
    409: _("The current state does not allow this action. Go back, reload the page, and try again."),
    410: _("This page was deleted by its owner."),
    411: _("The request broke off before its body was complete. Send it again."),
    413: _("Send a smaller request. Files can only be uploaded on the upload pages."),
    415: _("The request body is compressed. Send it without compression and without the header Content-Encoding."),
    429: _("Wait a moment, then try again."),
    500: _("The hub failed to process the request. Send the request ID below to the operator of this hub."),
    503: _("Try again in a few minutes."),
    507: _("Nothing was saved. Ask the operator of this hub to free storage space."),
}
KIND_ADVICE: dict[type[DomainError], StrOrPromise] = {
    KeyRefused: _("Check that you copied the whole link or key, or ask the person who sent it to you for a new one."),
    TooNew: _("The link asks for a version that has been public for some time, and waits until there is one."),
    Quarantined: _("Other versions of the download may still be available. Its publisher was told about the block."),
}
EXPIRED_FORM = _("The form has expired, or another site has sent it. Go back, reload the page and send it again.")
CODE_ADVICE = {ErrorCode.CONFLICT: _("Go back, reload the page to see what changed, and try again.")}


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(request, 403, advice=str(EXPIRED_FORM))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    response = error_page(request, 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def error_page(request: HttpRequest, status: int, message: str = "", advice: StrOrPromise = "") -> HttpResponse:
    """Return the error as HTML, or as JSON if the client prefers that."""
    if prefers_json(request):
        return JsonResponse({"error": str(status), "message": message or str(TITLES[status])}, status=status)
    context = {
        "title": TITLES[status],
        "message": message,
        "advice": advice or ADVICE[status],
        "status": status,
        "request_id": request.META.get("releasehub.request_id", ""),
    }
    return render(request, "error.html", context, status=status)


def error_response(request: HttpRequest, error: DomainError) -> HttpResponseBase:
    if isinstance(error, errors.Moved):
        return redirect_renamed(request, error.slug)
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    is_hidden = kind is errors.NotFound and not isinstance(error, TooNew)
    message = "" if is_hidden else translated(error.message)
    return error_page(request, STATUS[kind], message, CODE_ADVICE.get(error.code) or KIND_ADVICE.get(type(error), ""))


def show_refusal(request: HttpRequest, error: DomainError) -> None:
    """Show on the next page why the hub refused something, in the language of the visitor."""
    messages.error(request, translated(error.message))


def prefers_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
