"""Error pages, and the translation of domain errors that a page view raises into such a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

from releasehub.apikeys.services import InactiveKey, UnknownKey
from releasehub.core import errors
from releasehub.core.errors import DomainError, ErrorCode
from releasehub.core.redirects import redirect_renamed
from releasehub.distribution.access_keys import KeyRefused

STATUS: dict[type[DomainError], int] = {
    UnknownKey: 403,
    InactiveKey: 403,
    errors.Invalid: 400,
    errors.Rejected: 400,
    errors.Denied: 403,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.StorageUnavailable: 503,
    errors.StorageFull: 507,
}
TITLES = {
    400: "This request cannot be read",
    403: "Not allowed",
    404: "Nothing here",
    408: "This request took too long",
    409: "Not possible now",
    410: "Gone",
    413: "This request is too large",
    429: "Too many requests",
    500: "Something broke",
    503: "Not available right now",
    507: "The storage is full",
}
ADVICE = {
    400: "Go back, check what you entered, and try again.",
    403: "You may not do this. Sign in with another account, or ask the owner of the download.",
    404: "The address is wrong, or what was here is not for you. If it is private, sign in, or follow your share link.",
    408: "Send it again over a faster connection.",
    409: "The present state forbids it.",
    410: "What was here was removed on purpose.",
    413: "Send less at once. Files are uploaded on their own pages only.",
    429: "Wait a little and try again.",
    500: "The fault is ours. Tell the operator of this hub the number below.",
    503: "Try again in a few minutes.",
    507: "Nothing was stored. Tell the operator of this hub, who has to make room.",
}
KIND_ADVICE: dict[type[DomainError], str] = {
    KeyRefused: "Ask the person who gave you the link or key for a new one, or check that you copied all of it."
}
CODE_ADVICE = {ErrorCode.CONFLICT: "Go back, reload the page to see what changed, and try again."}
View = Callable[..., HttpResponseBase]


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    return error_page(request, 503)


def error_page(request: HttpRequest, status: int, message: str = "", advice: str = "") -> HttpResponse:
    """Return the error as HTML, or as JSON if the client prefers that."""
    if prefers_json(request):
        return JsonResponse({"error": str(status), "message": message or TITLES[status]}, status=status)
    context = {
        "title": TITLES[status],
        "message": message,
        "advice": advice or ADVICE[status],
        "status": status,
        "request_id": request.META.get("releasehub.request_id", ""),
    }
    return render(request, "error.html", context, status=status)


def answers_errors(view: View) -> View:
    """Decorate a view so that a domain error it raises becomes an error page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return refused(request, error)

    return wrapped


def refused(request: HttpRequest, error: DomainError) -> HttpResponseBase:
    """Return the page of a domain error."""
    if isinstance(error, errors.Moved):
        return redirect_renamed(request, error.slug)
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    message = "" if kind is errors.NotFound else error.message
    return error_page(request, STATUS[kind], message, CODE_ADVICE.get(error.code) or KIND_ADVICE.get(type(error), ""))


def prefers_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
