"""The rate limit of the GitHub dialect: that of anonymous visitors, in the headers of the contract."""

import time
from collections.abc import Mapping

from releasehub.api.common.throttling import AnonymousThrottle
from releasehub.core.rates import Rate

RATE_HEADERS = {
    "X-RateLimit-Limit": "The number of requests in a window.",
    "X-RateLimit-Remaining": "The number of requests left in this window.",
    "X-RateLimit-Reset": "When the next window begins, in epoch seconds.",
    "X-RateLimit-Used": "The number of requests sent in this window.",
    "X-RateLimit-Resource": "The name of the limit, which is always core.",
}
UNLIMITED = 15_000  # clients expect a number even if nothing is limited
HOUR_SECONDS = 3600


class GitHubThrottle(AnonymousThrottle):
    documented_headers = RATE_HEADERS

    def headers(self, rate: Rate) -> Mapping[str, str]:
        return {name: str(value) for name, value in zip(RATE_HEADERS, (*figures_of(rate), "core"), strict=True)}


def current_rate(rate: Rate | None) -> Rate:
    """Return the state of the limit, or one that is never reached if the caller has none."""
    if rate is not None:
        return rate
    return Rate(UNLIMITED, 0, (int(time.time()) // HOUR_SECONDS + 1) * HOUR_SECONDS)


def figures_of(rate: Rate) -> tuple[int, int, int, int]:
    """Return the limit, what remains of it, the end of the window in epoch seconds, and what was used."""
    return rate.limit, rate.remaining, rate.resets_at, min(rate.used, rate.limit)
