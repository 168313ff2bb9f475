"""Counters for rate limits.

The counters live in caches of their own, so that no other data can evict them. With Redis, all processes share the
counters. While Redis cannot be reached, each process counts separately and tries Redis again after a few seconds.
"""

from __future__ import annotations

import logging
import time

from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

from releasehub.core.errors import TooMany

log = logging.getLogger(__name__)
SHARED_CACHE, PROCESS_CACHE = "limits", "process"
RETRY_SECONDS = 5.0
HOUR_SECONDS = 3600
_redis_down_until = 0.0


def count(key: str, seconds: int, *, is_shared: bool = True) -> int:
    """Count the key once, and return its count including this one.

    Args:
        key: What is counted.
        seconds: How long after its first count the counter starts again.
        is_shared: False counts in this process only, and so never waits for Redis.
    """
    global _redis_down_until
    if is_shared and time.monotonic() >= _redis_down_until:
        try:
            return _count(caches[SHARED_CACHE], key, seconds)
        except RedisError as error:
            _redis_down_until = time.monotonic() + RETRY_SECONDS
            log.warning("Redis cannot be reached, so each process counts rate limits separately. Cause: %s", error)
    return _count(caches[PROCESS_CACHE], key, seconds)


def count_in_hour(key: str, limit: int, message: str) -> None:
    """Count the key once in this hour.

    Raises:
        TooMany: The key was counted more often than `limit` in this hour. The error has this message.
    """
    hour, passed = divmod(int(time.time()), HOUR_SECONDS)
    if count(f"{key}:{hour}", HOUR_SECONDS + 1) > limit:
        raise TooMany(message, wait=HOUR_SECONDS - passed)


def _count(cache: BaseCache, key: str, seconds: int) -> int:
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the counter expired between the two calls
        cache.add(key, 1, timeout=seconds)
        return 1
