"""Middleware that activates the language and the time zone of the visitor for the pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from releasehub.api.dialects import is_api
from releasehub.core.anonymous_cache import LOCALE, state_language
from releasehub.core.middleware import Middleware
from releasehub.pages.preferences import language_of, remember_preferences, zone_of

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
