"""Rate limits of a view set."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common.ratelimit import AddressThrottle


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
