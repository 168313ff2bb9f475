"""The retry schedule of deliveries."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2
MAX_DELAY = timedelta(hours=24)

_random = random.SystemRandom()


def delay_after(step: int, retry_after: str = "", *, now: datetime) -> timedelta | None:
    """Return the delay until the next attempt after a failure, or None if that was the last attempt.

    Args:
        step: The number of earlier failures.
        retry_after: The `Retry-After` header of the response. It can lengthen the delay, up to 24 hours, but not
            shorten it.
    """
    if step >= len(DELAYS):
        return None
    planned = DELAYS[step] * (1 + JITTER * _random.random())
    return max(planned, min(requested_delay(retry_after, now=now), MAX_DELAY))


def requested_delay(retry_after: str, *, now: datetime) -> timedelta:
    """Parse a `Retry-After` header, which has seconds or a date. Return a zero delay if it is missing or invalid."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), MAX_DELAY.total_seconds()))
    try:
        retry_at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return max(retry_at.replace(tzinfo=retry_at.tzinfo or UTC) - now, timedelta(0))
