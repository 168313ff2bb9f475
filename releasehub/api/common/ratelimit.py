"""So many requests of one address in a window of time; each dialect tells it in its own headers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from releasehub.core.counting import count
from releasehub.core.requests import address_of


@dataclass(frozen=True)
class Rate:
    """Where an address stands. `resets_at` in epoch seconds."""

    limit: int
    remaining: int
    resets_at: int

    @property
    def seconds_left(self) -> int:
        return max(self.resets_at - int(time.time()), 0)


class AddressThrottle(BaseThrottle):
    """Windows begin at multiples of their length, so every process sees the same ones. A limit of 0 means none."""

    scope: ClassVar[str]
    window_seconds: ClassVar[int]
    rate: Rate | None = None

    def limit(self) -> int:
        """Requests in a window; read at each request."""
        raise NotImplementedError

    def headers(self, rate: Rate) -> Mapping[str, str]:
        """How the dialect tells it, on every answer."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = self.limit()
        if not limit:
            return True
        window = int(time.time()) // self.window_seconds
        used = count(f"rate:{self.scope}:{address_of(request._request)}:{window}", self.window_seconds + 1)
        self.rate = Rate(limit, max(limit - used, 0), (window + 1) * self.window_seconds)
        return used <= limit

    def wait(self) -> float | None:
        return self.rate.seconds_left if self.rate else None
