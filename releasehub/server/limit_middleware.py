"""Middleware that limits request bodies and the rate of requests."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError

from releasehub.api.common.envelope import Envelope
from releasehub.api.common.problem_kinds import ProblemKind
from releasehub.api.dialects import is_api
from releasehub.api.native.content_views import receive_part
from releasehub.core.middleware import Middleware
from releasehub.core.rates import Rate, count_anonymous
from releasehub.server.error_handlers import refuse, too_many
from releasehub.server.metrics import metrics
from releasehub.server.refusals import REFUSAL, Refusal

RATE = "releasehub.rate"
UNLIMITED = (metrics, receive_part)
# Some programs state the encoding of their text here, such as utf-8. Only codings that change the bytes are refused.
CODINGS = frozenset({"aws-chunked", "br", "compress", "dcb", "dcz", "deflate", "gzip", "x-compress", "x-gzip", "zstd"})


class UnreadableBodyMiddleware(Middleware):
    """Respond with 408 if a page could not read the body to its end, instead of reporting a server error."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return refuse(request, ProblemKind.TOO_SLOW) if isinstance(exception, UnreadablePostError) else None


class RefusedBodyMiddleware(Middleware):
    """Respond to requests that the server rejected unread, in the format of their dialect and with all headers."""

    kinds = {
        Refusal.TOO_SLOW: ProblemKind.TOO_SLOW,
        Refusal.INCOMPLETE: ProblemKind.LENGTH_REQUIRED,
        Refusal.TOO_MANY_UPLOADS: ProblemKind.TOO_MANY_UPLOADS,
        Refusal.OVERLOADED: ProblemKind.OVERLOADED,
    }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal: Refusal | None = request.META.get(REFUSAL)
        return refuse(request, self.kinds[refusal]) if refusal else self.get_response(request)


class ContentEncodingMiddleware(Middleware):
    """Reject compressed bodies, which would be stored as they are or read as invalid JSON."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        coding = request.META.get("HTTP_CONTENT_ENCODING", "")
        if coding and _declared_length(request) and not CODINGS.isdisjoint(names_in(coding)):
            return refuse(request, ProblemKind.UNSUPPORTED_ENCODING)
        return self.get_response(request)


class BodyLimitMiddleware(Middleware):
    """Reject a large body without reading it on every route that accepts no file, for all clients and methods."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if _declared_length(request) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _takes_files(request, view):
            return None
        return None if _refuses_unread(request, view) else refuse(request, ProblemKind.TOO_LARGE)


class RateLimitMiddleware(Middleware):
    """Limit the requests of anonymous visitors, except to the view sets of the APIs, which have their own limits.

    Signed-in users are not limited. A URL without a route is counted after it was not found. Parts of uploads are not
    counted, because each of their URLs was signed for a user who may upload.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        rate: Rate | None = request.META.get(RATE)
        if request.resolver_match is None and rate is None:
            rate = count_anonymous(request)
            if rate and rate.is_exceeded:
                response = too_many(request, rate)
        if rate is not None:
            for name, value in rate.headers.items():
                response[name] = value
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if view in UNLIMITED or _counts_itself(view) or _is_signed_in(request):
            return None
        rate = request.META[RATE] = count_anonymous(request)
        return too_many(request, rate) if rate and rate.is_exceeded else None


def names_in(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


def _counts_itself(view: Callable[..., Any]) -> bool:
    return hasattr(getattr(view, "cls", None), "has_credential")


def _is_signed_in(request: HttpRequest) -> bool:
    """Return True if the user is signed in. A request without a session cookie causes no database query."""
    if is_api(request.path_info) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return bool(request.user.is_authenticated)


def _declared_length(request: HttpRequest) -> int:
    """Return the declared length of the body in bytes, or 0 if there is no valid one."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _refuses_unread(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Return True if the answer is 404 or 405 whatever the body is: advice about its size would mislead the client."""
    actions = getattr(view, "actions", None)
    if actions is not None:
        return (request.method or "").lower() not in actions
    return getattr(view, "__func__", None) is Envelope.no_route


def _takes_files(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Return True if the view accepts files, or the action that the view set runs for this HTTP method does."""
    file_actions = getattr(getattr(view, "cls", None), "file_actions", ())
    action = getattr(view, "actions", {}).get((request.method or "").lower()) if file_actions else None
    return getattr(view, "takes_files", False) or action in file_actions
