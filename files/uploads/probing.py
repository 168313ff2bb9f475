"""Link probes share the threads of one lane, and a host that answers slowly gets few of them."""

from __future__ import annotations

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
    """Lets at most `limit` threads of this process work for one host; the others leave their work to these.

    A thread that would have to wait returns at once, so a host that hangs holds `limit` threads and no more.
    What is left when the process dies is found by the sweep of pending files.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[int]] = defaultdict(deque)

    def run(self, host: str, item: int, work: Callable[[int], object]) -> int:
        """Do `work` for the item and for what is left here meanwhile. Returns how many items were done."""
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
        """Take the next item, or give up the place: under one lock, so that no item is left to a thread that goes."""
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
    """Files whose link has not been probed yet."""
    return File.objects.filter(validation_status=File.Validation.PENDING, blob=None)


def host_of(file: File) -> str:
    """Return the host name that a probe of this file connects to first."""
    return urlsplit(settings.GITHUB_API if file.external_reference else file.external_url or "").hostname or ""
