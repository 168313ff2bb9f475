"""What may be kept of an answer: an ETag of what is said and 304 while it stays the same, or nothing at all."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.renderers import OrjsonRenderer

CALLER_HEADERS = ("Authorization", "XF-Api-Key", "XF-Api-User", "Cookie")


def cacheable(request: Request, data: Any, *, is_public: bool, seconds: int = 60) -> HttpResponseBase:
    """`is_public`: everybody gets this answer, so shared caches may keep it for `seconds`."""
    body = OrjsonRenderer().render(data)
    response = HttpResponse(body, content_type="application/json")
    response["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    response["Cache-Control"] = f"public, max-age={seconds}" if is_public else "private, no-store"
    patch_vary_headers(response, CALLER_HEADERS)
    return get_conditional_response(request._request, etag=response["ETag"], response=response) or response


def confidential(response: Response) -> Response:
    """Keep an answer that holds a secret out of every cache."""
    response["Cache-Control"] = "no-store"
    return response
