"""Probe links in a shared pool of threads, in which a slow host can occupy only a few threads."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from files.models import File
from files.uploads.external import probe_link

MAX_PROBES_PER_HOST = 2


class HostLanes:
    """Queues of items per host. At most `limit` threads of this process work for one host.

    A thread that would have to wait adds its item to the queue of the host and returns, so a host that hangs blocks
    at most `limit` threads. If the process dies, the sweep of pending files finds the queued items.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[int]] = defaultdict(deque)

    def run(self, host: str, item: int, work: Callable[[int], object]) -> int:
        """Do `work` for the item and for items that are queued meanwhile. Return the number of processed items."""
        if not self._enter(host, item):
            return 0
        count = 0
        while (next_item := self._take_or_leave(host)) is not None:
            try:
                work(next_item)
            except BaseException:
                self._leave(host)
                raise
            count += 1
        return count

    def _enter(self, host: str, item: int) -> bool:
        with self._lock:
            if item not in self._waiting[host]:
                self._waiting[host].append(item)
            if self._running[host] >= self.limit:
                return False
            self._running[host] += 1
            return True

    def _take_or_leave(self, host: str) -> int | None:
        """Take the next item, or leave the host if there is none."""
        # Both happen under one lock. Otherwise another thread could queue an item after this thread saw an empty queue
        # and before it left, and no thread would process that item.
        with self._lock:
            if self._waiting[host]:
                return self._waiting[host].popleft()
            del self._waiting[host]
            self._give_up_place(host)
            return None

    def _leave(self, host: str) -> None:
        with self._lock:
            self._give_up_place(host)

    def _give_up_place(self, host: str) -> None:
        self._running[host] -= 1
        if not self._running[host]:
            del self._running[host]


lanes = HostLanes(MAX_PROBES_PER_HOST)


def probe_in_lane(file_id: int) -> int:
    """Probe the link of a pending file, or leave it to a thread that already works for its host."""
    file = pending_links().filter(pk=file_id).first()
    return lanes.run(host_of(file), file_id, probe_link) if file is not None else 0


def pending_links() -> models.QuerySet[File]:
    return File.objects.filter(validation_status=File.Validation.PENDING, blob=None)


def host_of(file: File) -> str:
    """Return the host name that a probe of this file connects to first."""
    return urlsplit(settings.GITHUB_API if file.external_reference else file.external_url or "").hostname or ""
