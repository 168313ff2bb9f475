"""Counters for rate limits.

The counters live in caches of their own, so that no other data can evict them. With Redis, all processes share the
counters. While Redis cannot be reached, each process counts separately.
"""

import time
from functools import partial

from django.core.cache import BaseCache, caches

from releasehub.core.errors import TooMany
from releasehub.core.redis_cache import try_redis

SHARED_CACHE, PROCESS_CACHE = "limits", "process"
HOUR_SECONDS = 3600


def count(key: str, seconds: int, *, is_shared: bool = True) -> int:
    """Count the key once, and return its count including this one.

    Args:
        seconds: How long after its first count the counter starts again.
        is_shared: False counts in this process only, and so never waits for Redis.
    """
    in_process = partial(_count, caches[PROCESS_CACHE], key, seconds)
    if not is_shared:
        return in_process()
    shared = partial(_count, caches[SHARED_CACHE], key, seconds)
    return try_redis(shared, in_process, "each process counts rate limits separately")


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
