"""When to try again, and how long to wait before."""

from __future__ import annotations

import random
import threading
import time
from email.utils import parsedate_to_datetime

import httpx

BASE_SECONDS = 0.5
LONGEST_SECONDS = 30.0
LONGEST_RETRY_AFTER_SECONDS = 300.0
PERMANENT = frozenset({501, 505, 507})

_random = random.SystemRandom()


class Stopped(Exception):
    """Another thread failed or the user pressed Ctrl-C: leave quietly."""


class Backoff:
    """Waits that double, with jitter, until `retries` are used up. One for each thing that is tried."""

    def __init__(self, retries: int, stop: threading.Event) -> None:
        self.retries, self.stop, self.used = retries, stop, 0

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.retries

    def wait(self, at_least: float = 0.0) -> None:
        """Errors: Stopped."""
        delay = min(BASE_SECONDS * 2**self.used, LONGEST_SECONDS) * _random.uniform(0.5, 1.0)
        self.used += 1
        if self.stop.wait(max(delay, at_least)):
            raise Stopped


def is_transient(status: int) -> bool:
    """Whether the same request may do better later."""
    return status in {408, 425, 429} or (status >= 500 and status not in PERMANENT)


def retry_after(response: httpx.Response) -> float:
    """Seconds that `Retry-After` asks for, as a number or a date; 0 without. At most five minutes."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
