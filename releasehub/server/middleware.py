"""Middleware of the hub: health checks, limits on bodies and rates, cache headers, and session middleware for pages.

The APIs need no session, CSRF token or message. The classes based on `PagesOnly` behave like the original class for
pages and do nothing for an API.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware

from releasehub.api.dialects import canonical_path, forum_url, is_api
from releasehub.api.native.content_views import receive_part
from releasehub.core.anonymous_cache import has_credentials
from releasehub.core.rates import Rate, count_anonymous
from releasehub.server.error_handlers import too_large, too_many, too_many_uploads, too_slow
from releasehub.server.health import healthz, readyz
from releasehub.server.metrics import metrics
from releasehub.server.refusals import REFUSAL, Refusal

PERMANENT_REDIRECTS = frozenset({300, 301, 308})
RATE = "releasehub.rate"
UNLIMITED = (metrics, receive_part)
WEAK_TAG = re.compile(r'(^|,)\s*W/(?=")')
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


class HealthMiddleware:
    """Respond to health checks before the host check, the redirect to HTTPS or the session can interfere.

    An orchestrator uses the IP address of a container as the host, which is not in ALLOWED_HOSTS.
    """

    views = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.views.get(request.path_info, self.get_response)(request)


class ApiPathMiddleware:
    """Give the routes of the APIs the one form of each path that they know, whichever form a client sends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if forum := forum_url(request.path_info, request.META.get("QUERY_STRING", "")):
            request.path_info, request.META["QUERY_STRING"] = forum
        path = canonical_path(request.path_info)
        if path != request.META["PATH_INFO"]:
            request.path_info = request.META["PATH_INFO"] = path
            request.path = f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}{path}"
        return self.get_response(request)


class WeakTagMiddleware:
    """Compare the tags of `If-Match` without the `W/` that a proxy adds to an ETag when it compresses a response.

    By RFC 9110, section 13.1.1, a weak tag never matches, so a client behind such a proxy could change nothing.
    `If-None-Match` ignores `W/` by itself. `If-Range` must not: bytes of two encodings would be joined.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if_match = request.META.get("HTTP_IF_MATCH", "")
        if "W/" in if_match:
            request.META["HTTP_IF_MATCH"] = WEAK_TAG.sub(r"\1", if_match)
        return self.get_response(request)


class UncachedErrorsMiddleware:
    """Keep errors and permanent redirects out of caches unless their view sets a lifetime.

    Browsers may store 410, 301 and 308 without an expiry date indefinitely (RFC 9111, section 4.2.2). A version that
    was deleted and restored would still be gone in Chromium.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 400 or response.status_code in PERMANENT_REDIRECTS:
            response.setdefault("Cache-Control", "no-store")
        return response


class UnreadableBodyMiddleware:
    """Respond with 408 if a page could not read the body to its end, instead of reporting a server error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return too_slow(request) if isinstance(exception, UnreadablePostError) else None


class RefusedBodyMiddleware:
    """Respond to requests whose body the server rejected, in the error format of their dialect and with all headers."""

    answers = {Refusal.TOO_SLOW: too_slow, Refusal.TOO_MANY_UPLOADS: too_many_uploads}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal: Refusal | None = request.META.get(REFUSAL)
        return self.answers[refusal](request) if refusal else self.get_response(request)


class PagesOnly:
    """A mixin that skips the middleware for the APIs."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request.path_info):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessionMiddleware(PagesOnly, SessionMiddleware):
    pass


class PageCsrfMiddleware(PagesOnly, CsrfViewMiddleware):
    """CSRF protection. Every view that is not exempt is still checked; only the cookie is skipped for the APIs."""


class PageAuthenticationMiddleware(PagesOnly, AuthenticationMiddleware):
    pass


class PageMessageMiddleware(PagesOnly, MessageMiddleware):
    pass


class BodyLimitMiddleware:
    """Reject a large body without reading it on every route that accepts no file, for all clients and methods."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if _declared_length(request) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _takes_files(request, view):
            return None
        return too_large(request)


class RateLimitMiddleware:
    """Limit the requests of anonymous visitors, except to the view sets of the APIs, which have their own limits.

    Signed-in users are not limited. A URL without a route is counted after it was not found. Parts of uploads are not
    counted, because each of their URLs was signed for a user who may upload.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

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


def _takes_files(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Return True if the view accepts files, or the action that the view set runs for this HTTP method does."""
    file_actions = getattr(getattr(view, "cls", None), "file_actions", ())
    action = getattr(view, "actions", {}).get((request.method or "").lower()) if file_actions else None
    return getattr(view, "takes_files", False) or action in file_actions


class PrivateAnswerMiddleware:
    """Keep every response to an authenticated client out of caches, for all routes and all statuses.

    `no-transform` stays: it protects the bytes on their way, which has nothing to do with caches.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        directives = response.get("Cache-Control", "")
        if has_credentials(request) and "no-store" not in directives:
            kept = ", no-transform" if "no-transform" in directives else ""
            response["Cache-Control"] = f"private, no-store{kept}"
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """Content security policy. Nearly all pages share one cached header, and an API response may load nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if any(name.startswith("_csp_") for name in vars(response)):  # a view changed its policy
            return super().process_response(request, response)
        response.setdefault(HEADER, API_POLICY if is_api(request.path_info) else self.page_policy)
        return response

    @cached_property
    def page_policy(self) -> str:
        return build_policy()
