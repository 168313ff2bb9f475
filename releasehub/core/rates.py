"""Rate limits: how many requests a network may send within a time window."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from releasehub.core.counting import count
from releasehub.core.requests import address_of, network_of

ANONYMOUS = "anonymous"
ANONYMOUS_WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Rate:
    """The state of one network's rate limit in the current window. `resets_at` is in epoch seconds."""

    limit: int
    used: int
    resets_at: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def seconds_left(self) -> int:
        return max(self.resets_at - int(time.time()), 0)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.seconds_left),
        }


def count_request(
    request: HttpRequest, scope: str, limit: int, window_seconds: int, *, is_shared: bool = True
) -> Rate | None:
    """Count the request for the network it comes from, and return the state of its limit.

    Args:
        limit: The number of requests per window. 0 means no limit, and None is returned.
        window_seconds: The length of a window. Windows begin at multiples of it, so all processes agree on them.
    """
    if not limit:
        return None
    window = int(time.time()) // window_seconds
    key = f"rate:{scope}:{network_of(address_of(request))}:{window}"
    used = count(key, window_seconds + 1, is_shared=is_shared)
    return Rate(limit, used, (window + 1) * window_seconds)


def count_anonymous(request: HttpRequest) -> Rate | None:
    """Count a request that has no valid key or session, and return the state of the limit, or None if there is none.

    Each process counts separately, because a page must not wait for Redis.
    """
    return count_request(request, ANONYMOUS, settings.ANONYMOUS_RATE, ANONYMOUS_WINDOW_SECONDS, is_shared=False)
