"""The rate limit of the engine dialect."""

from collections.abc import Mapping

from django.conf import settings

from releasehub.api.common.throttling import AddressThrottle
from releasehub.core.rates import Rate

# The names as the original spells them.
RATE_HEADERS = {
    name.replace("RateLimit", "Ratelimit"): text for name, text in AddressThrottle.documented_headers.items()
}


class EngineThrottle(AddressThrottle):
    """A limit on the requests of a minute."""

    documented_headers = RATE_HEADERS
    scope = "engine"
    window_seconds = 60

    def limit(self) -> int:
        return settings.ENGINE_RATE

    def headers(self, rate: Rate) -> Mapping[str, str]:
        return dict(zip(RATE_HEADERS, rate.headers.values(), strict=True))
