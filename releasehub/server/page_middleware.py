"""Middleware of pages: sessions, CSRF protection, messages, errors and content policy. `PagesOnly` skips the APIs."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from allauth.account.middleware import AccountMiddleware
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.csrf import CsrfViewMiddleware

from releasehub.api.dialects import is_api
from releasehub.core.errors import DomainError
from releasehub.core.middleware import Middleware
from releasehub.pages.errors import error_response
from releasehub.server.cors import PERMANENT_LINK

PAGE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "TRACE"})  # each view decides about these
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


class PagesOnly:
    """A mixin that skips the middleware for the APIs."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request.path_info):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


def is_form_page(path: str) -> bool:
    """Return whether a page can show messages and ask for a password, which permanent links never do.

    Both middleware take a tenth of the time of a redirect.
    """
    return not (is_api(path) or PERMANENT_LINK.match(path))


class PageSessionMiddleware(PagesOnly, SessionMiddleware):
    pass


class PageCsrfMiddleware(PagesOnly, CsrfViewMiddleware):
    """CSRF protection. Every view that is not exempt is still checked; only the cookie is skipped for the APIs.

    No page has other methods than those of browsers, so WebDAV clients and scanners need no advice about forms.
    """

    def process_view(  # type: ignore[override]
        self, request: HttpRequest, callback: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method not in PAGE_METHODS and not getattr(callback, "csrf_exempt", False):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return super().process_view(request, callback, args, kwargs)


class PageAuthenticationMiddleware(PagesOnly, AuthenticationMiddleware):
    pass


class PageMessageMiddleware(MessageMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if is_form_page(request.path_info) else self.get_response(request)


class PageAccountMiddleware(Middleware):
    """The middleware of django-allauth. It redirects to the page that confirms a password where one is required."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.account_middleware = AccountMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        handle = self.account_middleware if is_form_page(request.path_info) else self.get_response
        return handle(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not is_form_page(request.path_info):
            return None
        return self.account_middleware.process_exception(request, exception)


class PageErrorMiddleware(Middleware):
    """Shows an error page for a domain error that a view raises. The view sets of the APIs have their own formats."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, DomainError) and not is_api(request.path_info):
            return error_response(request, exception)
        return None


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
