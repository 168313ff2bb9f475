"""Redis as a cache that the hub can do without, and how long it is left alone after a failure."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
Result = TypeVar("Result")
RETRY_SECONDS = 5.0


class _Outage:
    """The last failure of Redis in this process."""

    ends_at = 0.0


def try_redis(operation: Callable[[], Result], otherwise: Callable[[], Result], consequence: str) -> Result:
    """Return the result of an operation on Redis, or of `otherwise` if Redis failed now or a moment ago.

    So a request waits for a Redis that does not answer at most once, and most requests do not wait.
    """
    if time.monotonic() >= _Outage.ends_at:
        try:
            return operation()
        except RedisError as error:
            _Outage.ends_at = time.monotonic() + RETRY_SECONDS
            log.warning("Redis failed, so %s. Cause: %s", consequence, error)
    return otherwise()


class OptionalRedisCache(RedisCache):
    """Django's Redis cache, but empty while Redis cannot be reached: what is cached here can be computed again."""

    def add(self, key: Any, value: Any, *args: Any, **options: Any) -> bool:
        return _optional(lambda: RedisCache.add(self, key, value, *args, **options), False)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _optional(lambda: RedisCache.get(self, key, default, version), default)

    def set(self, key: Any, value: Any, *args: Any, **options: Any) -> None:
        _optional(lambda: RedisCache.set(self, key, value, *args, **options), None)

    def touch(self, key: Any, *args: Any, **options: Any) -> bool:
        return _optional(lambda: RedisCache.touch(self, key, *args, **options), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _optional(lambda: RedisCache.delete(self, key, version), False)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return _optional(lambda: RedisCache.has_key(self, key, version), False)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return _optional(lambda: RedisCache.get_many(self, keys, version), {})

    def set_many(self, data: dict[Any, Any], *args: Any, **options: Any) -> list[Any]:
        return _optional(lambda: RedisCache.set_many(self, data, *args, **options), list(data))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        _optional(lambda: RedisCache.delete_many(self, keys, version), None)


def _optional(operation: Callable[[], Result], missing: Result) -> Result:
    return try_redis(operation, lambda: missing, "nothing is cached in it")
