"""Middleware for health checks, for the paths of the APIs, and for the language and time zone of pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone, translation

from releasehub.api.dialects import canonical_path, forum_url, is_api
from releasehub.core.anonymous_cache import LOCALE, state_language
from releasehub.core.middleware import Middleware
from releasehub.core.readiness import readiness
from releasehub.pages.preferences import language_of, remember_preferences, zone_of


def healthz(request: HttpRequest) -> HttpResponse:
    """Report that the process is alive.

    This checks nothing else. Otherwise a failing database would make an orchestrator restart every web process.
    """
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Report whether the hub can serve requests: 503 unless database, migrations, broker and storage are ready."""
    results = readiness()
    return JsonResponse(results, status=200 if all(results.values()) else 503)


class HealthMiddleware(Middleware):
    """Respond to health checks before the host check, the redirect to HTTPS or the session can interfere.

    An orchestrator uses the IP address of a container as the host, which is not in ALLOWED_HOSTS.
    """

    views = {"/healthz": healthz, "/readyz": readyz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.views.get(request.path_info, self.get_response)(request)


class ApiPathMiddleware(Middleware):
    """Give the routes of the APIs the one form of each path that they know, whichever form a client sends."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if forum := forum_url(request.path_info, request.META.get("QUERY_STRING", "")):
            request.path_info, request.META["QUERY_STRING"] = forum
        path = canonical_path(request.path_info)
        if path != request.META["PATH_INFO"]:
            request.path_info = request.META["PATH_INFO"] = path
            request.path = f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}{path}"
        return self.get_response(request)


# The admin is English, and so are feeds and files, which programs read.
_WITHOUT_LANGUAGE = re.compile(r"/(admin|static|metrics)(/|$)|.*\.(atom|json|xml|css|txt|ico)$")


class PageLanguageMiddleware(Middleware):
    """Write pages in the language and the time zone of the visitor. All other responses are English and in UTC."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if is_api(path) or _WITHOUT_LANGUAGE.match(path):
            return self.get_response(request)
        language, zone = language_of(request), zone_of(request)
        request.META[LOCALE] = f"{language} {zone}"
        with in_language(language), timezone.override(zone) if zone else nullcontext():
            response = self.get_response(request)
            state_language(response)
        remember_preferences(request, response)
        return response


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Activate a language until the response is ready. English is active anyway, and activating costs some 40 µs."""
    if language == settings.LANGUAGE_CODE:
        yield
        return
    translation.activate(language)
    try:
        yield
    finally:
        translation.deactivate()
