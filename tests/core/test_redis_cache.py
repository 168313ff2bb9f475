"""A cache on Redis that the hub can do without."""

from __future__ import annotations

import pytest
from redis.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError

from releasehub.core import redis_cache
from releasehub.core.redis_cache import OptionalRedisCache


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every connection to Redis fail, and record them."""
    made: list[str] = []

    def connect(connection: Connection) -> None:
        made.append(connection.host)
        raise RedisConnectionError("refused")

    monkeypatch.setattr(Connection, "connect", connect)
    monkeypatch.setattr(redis_cache._Outage, "ends_at", 0.0)
    return made


def test_cache_without_redis_is_empty_and_tries_once(attempts: list[str]) -> None:
    cache = OptionalRedisCache("redis://redis.example/0", {})
    assert cache.get("name") is None
    assert cache.get("name", 7) == 7
    assert cache.get_or_set("name", lambda: "computed", 60) == "computed"
    cache.set("name", 1, 60)
    assert cache.add("name", 1) is cache.touch("name") is cache.delete("name") is cache.has_key("name") is False
    assert cache.get_many(["name"]) == {}
    assert cache.set_many({"name": 1}) == ["name"]
    cache.delete_many(["name"])
    assert attempts == ["redis.example"]


def test_redis_is_tried_again_after_a_while(attempts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = OptionalRedisCache("redis://redis.example/0", {})
    cache.get("name")
    monkeypatch.setattr(redis_cache.time, "monotonic", lambda: redis_cache._Outage.ends_at)
    cache.get("name")
    assert len(attempts) == 2
