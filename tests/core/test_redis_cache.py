"""A cache on Redis that the hub can do without."""

from __future__ import annotations

from typing import Any

import pytest
from redis.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError

from releasehub.core import redis_cache
from releasehub.core.redis_cache import OptionalRedisCache


class RefusedConnection(Connection):
    """A connection that cannot be made."""

    attempts = 0

    def connect(self) -> None:
        type(self).attempts += 1
        raise RedisConnectionError("refused")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(RefusedConnection, "attempts", 0)
    monkeypatch.setattr(redis_cache._Outage, "ends_at", 0.0)
    return OptionalRedisCache("redis://redis.example/0", {"OPTIONS": {"connection_class": RefusedConnection}})


def test_cache_without_redis_is_empty_and_tries_once(cache: Any) -> None:
    assert cache.get("name") is None
    assert cache.get("name", 7) == 7
    assert cache.get_or_set("name", lambda: "computed", 60) == "computed"
    cache.set("name", 1, 60)
    assert cache.add("name", 1) is cache.touch("name") is cache.delete("name") is cache.has_key("name") is False
    assert cache.get_many(["name"]) == {}
    assert cache.set_many({"name": 1}) == ["name"]
    cache.delete_many(["name"])
    assert RefusedConnection.attempts == 1


def test_redis_is_tried_again_after_a_while(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.get("name")
    monkeypatch.setattr(redis_cache.time, "monotonic", lambda: redis_cache._Outage.ends_at)
    cache.get("name")
    assert RefusedConnection.attempts == 2
