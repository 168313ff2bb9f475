"""Counting requests for rate limits, which lose nothing of value when a counter is lost.

The counters have caches of their own, which nothing else fills. With Redis they are shared by all processes; while it
cannot be reached each process counts on its own, and asks Redis again after a few seconds.
"""

from __future__ import annotations

import logging
import time

from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
SHARED, OWN = "limits", "process"
RETRY_SECONDS = 5.0
_away_until = 0.0


def count(key: str, seconds: int, *, is_shared: bool = True) -> int:
    """Return how often `key` was counted within `seconds` after the first time, this time included."""
    global _away_until
    if is_shared and time.monotonic() >= _away_until:
        try:
            return _count(caches[SHARED], key, seconds)
        except RedisError as error:
            _away_until = time.monotonic() + RETRY_SECONDS
            log.warning("The cache cannot be reached; limits are counted by process. %s", error)
    return _count(caches[OWN], key, seconds)


def _count(cache: BaseCache, key: str, seconds: int) -> int:
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the time ended between the two calls
        cache.add(key, 1, timeout=seconds)
        return 1
