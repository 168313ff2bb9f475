"""Relax the Content-Security-Policy on admin pages only, because the theme needs eval and inline styles."""

from functools import cached_property

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from releasehub.core.middleware import Middleware

RELAXED = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


class AdminCspMiddleware(Middleware):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(self.prefix):
            response._csp_update = RELAXED  # type: ignore[attr-defined]
        return response

    @cached_property
    def prefix(self) -> str:
        return reverse("admin:index")
