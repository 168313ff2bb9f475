"""Middleware that activates the language and the time zone of the visitor for the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from releasehub.api.dialects import is_api
from releasehub.core.anonymous_cache import state_language
from releasehub.pages.preferences import language_of, remember_preferences, zone_of

# The admin is English, and so are feeds and files, which programs read.
_WITHOUT_LANGUAGE = re.compile(r"/(admin|static|metrics)(/|$)|.*\.(atom|json|xml|css|txt|ico)$")


class PageLanguageMiddleware:
    """Write pages in the language and the time zone of the visitor. All other responses are English and in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if is_api(path) or _WITHOUT_LANGUAGE.match(path):
            return self.get_response(request)
        with translation.override(language_of(request), deactivate=True), timezone.override(zone_of(request)):
            response = self.get_response(request)
            state_language(response)
        remember_preferences(request, response)
        return response
