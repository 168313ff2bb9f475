"""Cross-origin requests (CORS): scripts of every web page may call the APIs and fetch files, but never with cookies."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from releasehub.api.dialects import is_api
from releasehub.core.middleware import Middleware

PREFLIGHT_SECONDS = 7200  # the longest time for which Chromium stores the answer to a preflight request
READS = "GET, HEAD"
PERMANENT_LINK = re.compile(r"/(d|feeds)/|/[^/]+/[^/]+/releases/(latest/)?download/")
API_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
# The wildcard stands for every other header, but not for Authorization, and old browsers do not know it.
REQUEST_HEADERS = (
    "Authorization, Cache-Control, Content-Disposition, Content-MD5, Content-Type, Idempotency-Key, If-Match, "
    "If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range, User-Agent, X-Amz-Checksum-Sha256, "
    "X-GitHub-Api-Version, X-Request-Id, X-Requested-With, XF-Api-Key, XF-Api-User, *"
)
RESPONSE_HEADERS = (
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Link, Location, Retry-After, "
    "WWW-Authenticate, X-GitHub-Enterprise-Version, X-GitHub-Request-Id, X-OAuth-Scopes, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Resource, X-RateLimit-Used, X-Request-Id"
)


class CorsMiddleware(Middleware):
    """Allow every origin on the APIs, on permanent links and on the feeds of updaters.

    The wildcard makes browsers leave out cookies, and the APIs ignore them anyway, so a page of another origin can only
    do what its visitor's key allows, or read what is public.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        methods = allowed_methods(request.path_info)
        if not methods:
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response: HttpResponseBase = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = methods
            response["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        else:
            response = self.get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
        return response


def allowed_methods(path: str) -> str:
    """Return the methods that scripts of other origins may use, or an empty string for a page with a session."""
    if is_api(path):
        return API_METHODS
    return READS if PERMANENT_LINK.match(path) else ""
