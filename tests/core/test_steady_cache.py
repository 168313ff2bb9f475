"""Caches in memory, while somebody sets the clock of the system."""

from __future__ import annotations

import time

import pytest
from django.core.cache import caches

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize("alias", ["default", "limits", "process"])
def test_entry_expires_although_the_clock_was_set_back(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, steady, system = caches[alias], time.monotonic(), time.time()
    cache.set("short", 1, timeout=1)
    cache.set("long", 2, timeout=60)
    cache.set("unlimited", 3, timeout=None)
    cache.set("none", 4, timeout=0)
    monkeypatch.setattr(time, "time", lambda: system - 24 * 3600)
    monkeypatch.setattr(time, "monotonic", lambda: steady + 30)
    assert cache.get_many(["short", "long", "unlimited", "none"]) == {"long": 2, "unlimited": 3}
