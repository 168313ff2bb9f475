"""Counting in the cache, for limits. Without its Redis each process goes on counting on its own."""

from __future__ import annotations

import logging

from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def count(key: str, seconds: int) -> int:
    """How often `key` was counted within `seconds` after the first time, this time included."""
    try:
        return _count(caches["default"], key, seconds)
    except RedisError as error:
        log.warning("The cache cannot be reached; limits are counted by process. %s", error)
        return _count(caches["process"], key, seconds)


def _count(cache: BaseCache, key: str, seconds: int) -> int:
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the time ended between the two calls
        cache.add(key, 1, timeout=seconds)
        return 1


def forget(key: str) -> None:
    """Begin again."""
    for name in ("default", "process"):
        try:
            caches[name].delete(key)
        except RedisError as error:
            log.warning("The cache cannot be reached. %s", error)


def give_back(key: str) -> None:
    """As if it had been counted once less."""
    for name in ("default", "process"):
        try:
            if caches[name].get(key):
                caches[name].decr(key)
        except RedisError as error:
            log.warning("The cache cannot be reached. %s", error)
