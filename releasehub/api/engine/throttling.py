"""The rate limit of the engine dialect."""

from collections.abc import Mapping

from django.conf import settings

from releasehub.api.common.throttling import AddressThrottle
from releasehub.core.rates import Rate

RATE_HEADERS = {
    "X-Ratelimit-Limit": "The number of requests per minute for this network.",
    "X-Ratelimit-Remaining": "The number of requests left in this minute.",
    "X-Ratelimit-Reset": "Seconds until the next minute begins.",
}


class EngineThrottle(AddressThrottle):
    """A limit on the requests of a minute."""

    documented_headers = RATE_HEADERS
    scope = "engine"
    window_seconds = 60

    def limit(self) -> int:
        return settings.ENGINE_RATE

    def headers(self, rate: Rate) -> Mapping[str, str]:
        return {
            "X-Ratelimit-Limit": str(rate.limit),
            "X-Ratelimit-Remaining": str(rate.remaining),
            "X-Ratelimit-Reset": str(rate.seconds_left),
        }
