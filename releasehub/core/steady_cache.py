"""A cache in the memory of the process whose entries expire in time, also after somebody set the clock back."""

import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache


class SteadyCache(LocMemCache):
    """Django's cache with a clock that cannot be set.

    With the clock of the system, a page or a right that is cached for a second would stay for a day after that clock
    was set back by a day.
    """

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        seconds = self.default_timeout if timeout == DEFAULT_TIMEOUT else timeout
        return None if seconds is None else time.monotonic() + (seconds or -1)

    def _has_expired(self, key: str) -> bool:
        expires_at = self._expire_info.get(key, -1)  # type: ignore[attr-defined]
        return expires_at is not None and expires_at <= time.monotonic()
