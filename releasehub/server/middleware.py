"""What only people need is left out where programs ask: the APIs read no session, form token or message.

Each class is the library's own in front of pages and does nothing in front of an API.
"""

from __future__ import annotations

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

from releasehub.api.dialects import is_api
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
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


class HealthMiddleware:
    """Answer health checks before the host name, the redirect to HTTPS or a session can get in their way.

    An orchestrator asks by the address of a container, which is in no ALLOWED_HOSTS.
    """

    views = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.views.get(request.path_info, self.get_response)(request)


class UncachedErrorsMiddleware:
    """Keep errors and permanent redirects out of caches unless their view says how long they hold.

    Browsers store 410, 301 and 308 without an expiry date for good (RFC 9111, section 4.2.2), so a version that was
    deleted would stay gone in Chromium after it was restored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 400 or response.status_code in PERMANENT_REDIRECTS:
            response.setdefault("Cache-Control", "no-store")
        return response


class UnreadableBodyMiddleware:
    """Answer 408 when a page could not read the body to its end, instead of reporting a fault of the hub."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return too_slow(request) if isinstance(exception, UnreadablePostError) else None


class RefusedBodyMiddleware:
    """Answer requests whose body the server refused, so that they get the form of their dialect and all headers."""

    answers = {Refusal.TOO_SLOW: too_slow, Refusal.TOO_MANY_UPLOADS: too_many_uploads}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal: Refusal | None = request.META.get(REFUSAL)
        return self.answers[refusal](request) if refusal else self.get_response(request)


class PagesOnly:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request.path_info):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessionMiddleware(PagesOnly, SessionMiddleware):
    pass


class PageCsrfMiddleware(PagesOnly, CsrfViewMiddleware):
    """The check itself stays in front of every view that does not say it needs none."""


class PageAuthenticationMiddleware(PagesOnly, AuthenticationMiddleware):
    pass


class PageMessageMiddleware(PagesOnly, MessageMiddleware):
    pass


class BodyLimitMiddleware:
    """Refuse a large body unread on every route that takes no file, whoever sends it and whatever the route does."""

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
    """Limit what anonymous visitors ask for outside the view sets of the APIs, which count for themselves.

    Signed-in users are not limited. A URL without a route is counted after it was not found. Parts of uploads are not
    counted: each URL was signed for somebody who may upload.
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
    """Without a session cookie nothing is asked of the database."""
    if is_api(request.path_info) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return bool(request.user.is_authenticated)


def _declared_length(request: HttpRequest) -> int:
    """Return the declared length in bytes; 0 where there is none that WSGI would read by."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _takes_files(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Whether the view, or the action that this verb has in a view set, is one of those that take files."""
    file_actions = getattr(getattr(view, "cls", None), "file_actions", ())
    action = getattr(view, "actions", {}).get((request.method or "").lower()) if file_actions else None
    return getattr(view, "takes_files", False) or action in file_actions


class PrivateAnswerMiddleware:
    """Keep what was answered to a named caller out of every cache, on whichever route and with whatever status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if has_credentials(request) and "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "private, no-store"
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """The policy of nearly all pages is always the same text, and an API's answer may load nothing at all."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if any(name.startswith("_csp_") for name in vars(response)):  # a view asked for something else
            return super().process_response(request, response)
        response.setdefault(HEADER, API_POLICY if is_api(request.path_info) else self.page_policy)
        return response

    @cached_property
    def page_policy(self) -> str:
        return build_policy()
