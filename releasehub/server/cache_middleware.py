"""Middleware for caches: ETags that proxies have changed, and responses that no cache may store."""

import re

from django.http import HttpRequest, HttpResponseBase

from releasehub.core.anonymous_cache import has_credentials
from releasehub.core.middleware import Middleware

PERMANENT_REDIRECTS = frozenset({300, 301, 308})
WEAK_TAG = re.compile(r'(^|,)\s*W/(?=")')
CODING_IN_TAG = re.compile(r'-(?:gzip|br|deflate|zstd)"')
CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")


class ChangedTagMiddleware(Middleware):
    """Compare the tags of requests without what a proxy adds to an ETag when it compresses a response.

    nginx puts `W/` before it. By RFC 9110, section 13.1.1, a weak tag never matches in `If-Match`, so a client behind
    nginx could change nothing. Apache and Caddy append the encoding, as in `"tag-gzip"`, so no read would be a 304.
    `If-Range` must not match such tags: bytes of two encodings would be joined.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in CONDITIONS:
            if tags := request.META.get(name):
                request.META[name] = CODING_IN_TAG.sub('"', WEAK_TAG.sub(r"\1", tags))
        return self.get_response(request)


class UncachedErrorsMiddleware(Middleware):
    """Keep errors and permanent redirects out of caches unless their view sets a lifetime.

    Browsers may store 410, 301 and 308 without an expiry date indefinitely (RFC 9111, section 4.2.2). A version that
    was deleted and restored would still be gone in Chromium.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 400 or response.status_code in PERMANENT_REDIRECTS:
            response.setdefault("Cache-Control", "no-store")
        return response


class PrivateAnswerMiddleware(Middleware):
    """Keep every response that belongs to one client or visitor out of caches, for all routes and all statuses.

    Only immutable responses stay as they are: they are public, and the credentials made no difference to them.
    `no-transform` stays: it protects the bytes on their way, which has nothing to do with caches.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        directives = response.get("Cache-Control", "")
        is_private = has_credentials(request) or bool(response.cookies)
        if is_private and "no-store" not in directives and "immutable" not in directives:
            kept = ", no-transform" if "no-transform" in directives else ""
            response["Cache-Control"] = f"private, no-store{kept}"
        return response
