"""Add an `X-Request-Id` to every response, and refuse URLs that no route accepts."""

import re
import uuid

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_noop

from releasehub.core import logs
from releasehub.core.middleware import Middleware
from releasehub.core.requests import current_request

# The longest URL of the hub names an account, a product, a version and a file of 255 bytes.
MAX_PATH_CHARACTERS = 4_000
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware(Middleware):
    """Gives every request an id: the client's own `X-Request-Id` if it is safe to log, or a random one."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        client_id = request.headers.get("X-Request-Id", "")
        request_id = client_id if _SAFE_ID.fullmatch(client_id) else uuid.uuid4().hex
        request.META["releasehub.request_id"] = request_id
        token, current = logs.request_id.set(request_id), current_request.set(request)
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            return response
        finally:
            current_request.reset(current)
            logs.request_id.reset(token)


class BadUrl(BadRequest):
    """A URL that the hub refuses; the text is for the caller."""


class UrlCheckMiddleware(Middleware):
    """Refuse a URL before the routes match it and before a database reads its parts.

    Some routes of Django's admin take quadratic time for a long path. PostgreSQL stores no NUL characters.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if len(request.path_info) > MAX_PATH_CHARACTERS or "\x00" in request.path_info:
            raise Http404(gettext_noop("The path of the URL is too long or contains a NUL character. Check the URL."))
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\x00" in query:
            raise BadUrl(gettext_noop("The query contains a NUL character. Remove it and send the request again."))
        return self.get_response(request)
