"""The rate limit of the v3 dialect."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings

from releasehub.api.common.fields import format_moment
from releasehub.api.common.throttling import AddressThrottle
from releasehub.core.rates import Rate


class V3Throttle(AddressThrottle):
    """A limit on the requests of five seconds, with or without a token.

    `X-Rate-Limit-Limit` contains the period and not the limit, as the contract demands.
    """

    documented_headers = {
        "X-Rate-Limit-Limit": "The period, such as `5s`.",
        "X-Rate-Limit-Remaining": "Requests left in the period.",
        "X-Rate-Limit-Reset": "When the period ends.",
    }
    scope = "v3"
    window_seconds = 5

    def limit(self) -> int:
        return int(settings.V3_BURST)

    def headers(self, rate: Rate) -> Mapping[str, str]:
        return {
            "X-Rate-Limit-Limit": f"{self.window_seconds}s",
            "X-Rate-Limit-Remaining": str(rate.remaining),
            "X-Rate-Limit-Reset": format_moment(datetime.fromtimestamp(rate.resets_at, UTC)),
        }
