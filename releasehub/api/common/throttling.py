"""Rate limits of view sets; each dialect reports them in its own headers."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from releasehub.core.rates import Rate, count_anonymous, count_request


class AddressThrottle(BaseThrottle):
    """Limits the requests of one network, with or without a key. A limit of 0 means no limit.

    `documented_headers`: the names that `headers` returns, with a description of each for the OpenAPI schema.
    """

    documented_headers: ClassVar[Mapping[str, str]] = {
        "X-RateLimit-Limit": "The number of requests per minute for this network.",
        "X-RateLimit-Remaining": "The number of requests left in this minute.",
        "X-RateLimit-Reset": "Seconds until the next minute begins.",
    }
    scope: ClassVar[str]
    window_seconds: ClassVar[int]
    rate: Rate | None = None

    def limit(self) -> int:
        """Return the number of requests in a window; it is read again for each request."""
        raise NotImplementedError

    def headers(self, rate: Rate) -> Mapping[str, str]:
        """Return the headers that report the usage of the caller, for every response."""
        return rate.headers

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.rate = count_request(request._request, self.scope, self.limit(), self.window_seconds)
        return self.rate is None or not self.rate.is_exceeded

    def wait(self) -> float | None:
        return self.rate.seconds_left if self.rate else None


class AnonymousThrottle(AddressThrottle):
    """Limits requests without a valid key, together with those to pages; a valid key is not limited."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if self.rate is None and not view.has_credential:  # type: ignore[attr-defined]
            self.rate = count_anonymous(request._request)
        return self.rate is None or not self.rate.is_exceeded


class ThrottlingMixin(GenericViewSet[Any]):
    """Counts requests without a valid key, and reports the usage of the caller."""

    has_credential = False

    def perform_authentication(self, request: Request) -> None:
        """Count a request that has no valid key before anything else is checked."""
        try:
            super().perform_authentication(request)
            self.has_credential = request.auth is not None
        finally:
            if not self.has_credential:
                self.check_throttles(request)

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the same throttles for the check and for the response headers, which report the caller's usage."""
        if not hasattr(self, "_throttles"):
            self._throttles: list[BaseThrottle] = super().get_throttles()
        return self._throttles

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        for throttle in self.get_throttles():
            if isinstance(throttle, AddressThrottle) and throttle.rate:
                for name, value in throttle.headers(throttle.rate).items():
                    response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)
