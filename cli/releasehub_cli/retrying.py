"""Retries: which failures are temporary, and how long to wait before the next attempt."""

from __future__ import annotations

import random
import threading
import time
from email.utils import parsedate_to_datetime

import httpx

BASE_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0
MAX_RETRY_AFTER_SECONDS = 300.0
PERMANENT_STATUSES = frozenset({501, 505, 507})

_random = random.SystemRandom()


class Stopped(Exception):
    """Raised in a thread that must end because another one failed or the user pressed Ctrl-C."""


class Backoff:
    """Exponential backoff with jitter for one operation, until its retries are used up."""

    def __init__(self, retries: int, stop: threading.Event) -> None:
        self.retries, self.stop, self.used = retries, stop, 0

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.retries

    def wait(self, at_least: float = 0.0) -> None:
        """Wait before the next attempt.

        Args:
            at_least: The minimum in seconds, such as that of Retry-After.

        Raises:
            Stopped: The event `stop` is set.
        """
        delay = min(BASE_SECONDS * 2**self.used, MAX_BACKOFF_SECONDS) * _random.uniform(0.5, 1.0)
        self.used += 1
        if self.stop.wait(max(delay, at_least)):
            raise Stopped


def is_transient(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status in {408, 425, 429} or (status >= 500 and status not in PERMANENT_STATUSES)


def retry_after(response: httpx.Response) -> float:
    """Return the seconds that the Retry-After header asks for, at most five minutes, and 0 without the header."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
