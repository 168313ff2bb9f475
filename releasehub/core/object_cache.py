"""A cache in the memory of the process that keeps objects as they are, for about a second.

Django's caches pickle what they store. Reading the key and the download of a request from them took a tenth of its CPU
time. Here all requests of the process share an object, so a request must not change it.
"""

import time
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ObjectCache(Generic[Value]):
    """A bounded cache whose entries expire in time, also after somebody set the clock of the system back."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._lock = Lock()
        self._entries: dict[str, tuple[float, Value]] = {}  # with the time when each expires, the oldest first

    def get(self, key: str) -> Value | None:
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > time.monotonic() else None

    def set(self, key: str, value: Value, seconds: float) -> None:
        now = time.monotonic()
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = (now + seconds, value)
            # Two for each new one, so that what has expired becomes fewer, and no request has to remove many.
            for oldest in tuple(islice(self._entries, 2)):
                if self._entries[oldest][0] <= now or len(self._entries) > self._max_entries:
                    del self._entries[oldest]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
