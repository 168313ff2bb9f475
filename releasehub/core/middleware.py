"""The base class of the middleware of the hub."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class Middleware:
    """A middleware that passes every request on. Subclasses extend `__call__` or add a hook of Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)
