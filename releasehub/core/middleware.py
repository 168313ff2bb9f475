"""Every answer carries `X-Request-Id`; a caller's own id is kept when it is harmless."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from releasehub.core import logs
from releasehub.core.requests import current_request

_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _HARMLESS.fullmatch(given) else uuid.uuid4().hex
        request.META["releasehub.request_id"] = request_id
        token, current = logs.request_id.set(request_id), current_request.set(request)
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            return response
        finally:
            current_request.reset(current)
            logs.request_id.reset(token)
