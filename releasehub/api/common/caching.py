"""HTTP caching of responses: an ETag of the content with conditional requests, or no caching at all."""

from hashlib import sha256
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.renderers import OrjsonRenderer

CALLER_HEADERS = ("Authorization", "XF-Api-Key", "XF-Api-User", "Cookie")
MAX_AGE_SECONDS = 60  # how long shared caches may store a public response


def cacheable(request: Request, data: Any, *, is_public: bool) -> HttpResponseBase:
    """Return a response with an ETag of its content, or 304 if the client has that content already.

    Args:
        is_public: Whether all callers get this response, so that shared caches may store it.
    """
    body = OrjsonRenderer().render(data)
    response = HttpResponse(body, content_type="application/json")
    response["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    response["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}" if is_public else "private, no-store"
    patch_vary_headers(response, CALLER_HEADERS)
    return get_conditional_response(request._request, etag=response["ETag"], response=response) or response


def confidential(response: Response) -> Response:
    """Keep a response that contains a secret out of every cache, and return it."""
    response["Cache-Control"] = "no-store"
    return response
