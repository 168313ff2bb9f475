"""When a failed delivery is tried again. Pure functions."""

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
LONGEST_WAIT = timedelta(hours=24)

_random = random.SystemRandom()


def delay_after(step: int, retry_after: str = "", *, now: datetime) -> timedelta | None:
    """Time to wait after `step` failures were followed by another one; None when it was the last attempt.

    `retry_after`: what the receiver asked for; it lengthens the wait to at most 24 hours, and never shortens it.
    """
    if step >= len(DELAYS):
        return None
    planned = DELAYS[step] * (1 + JITTER * _random.random())
    return max(planned, min(wished(retry_after, now=now), LONGEST_WAIT))


def wished(retry_after: str, *, now: datetime) -> timedelta:
    """A `Retry-After` header, seconds or a date; zero when it says nothing of use."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), LONGEST_WAIT.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))
