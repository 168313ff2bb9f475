"""The cache that keeps objects as they are: expiry, limits, and what it holds afterwards."""

from __future__ import annotations

import time

import pytest

from releasehub.core.object_cache import ObjectCache

pytestmark = pytest.mark.embedded


class Clock:
    """A clock that stands still until a test sets it."""

    seconds = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "seconds", 1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: Clock.seconds)
    return Clock


def test_entry_is_the_same_object_until_it_expires(clock: type[Clock]) -> None:
    cache: ObjectCache[list[int]] = ObjectCache(10)
    value = [1]
    cache.set("key", value, 1)
    clock.seconds += 0.9
    assert cache.get("key") is value
    clock.seconds += 0.1
    assert cache.get("key") is None


def test_entry_expires_although_the_clock_was_set_back(clock: type[Clock], monkeypatch: pytest.MonkeyPatch) -> None:
    cache: ObjectCache[int] = ObjectCache(10)
    cache.set("key", 1, 1)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    clock.seconds += 1
    assert cache.get("key") is None


def test_oldest_entries_make_room(clock: type[Clock]) -> None:
    cache: ObjectCache[int] = ObjectCache(3)
    for number in range(100):
        cache.set(str(number), number, 60)
        assert len(cache) <= 3
    cache.set("98", 0, 60)  # is the newest now
    cache.set("100", 100, 60)
    cache.set("101", 101, 60)
    assert [cache.get(key) for key in ("97", "98", "99", "100", "101")] == [None, 0, None, 100, 101]


def test_expired_entries_leave_as_new_ones_come(clock: type[Clock]) -> None:
    cache: ObjectCache[int] = ObjectCache(1000)
    for number in range(500):
        cache.set(f"old {number}", number, 1)
    clock.seconds += 1
    for number in range(500):
        cache.set(f"new {number}", number, 60)
    assert len(cache) == 500


def test_clear_removes_every_entry() -> None:
    cache: ObjectCache[int] = ObjectCache(3)
    cache.set("key", 1, 60)
    cache.clear()
    assert (cache.get("key"), len(cache)) == (None, 0)
