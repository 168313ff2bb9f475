"""Several threads that stop together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from releasehub_cli.retrying import Stopped

T = TypeVar("T")


class WorkQueue(Generic[T]):
    """Things to do, taken in batches that get smaller towards the end, so that all workers finish together."""

    def __init__(self, items: Iterable[T], *, workers: int, largest_batch: int = 1) -> None:
        self._items = deque(items)
        self._workers, self._largest = workers, largest_batch
        self._lock = threading.Lock()

    def take(self) -> list[T]:
        """Empty when nothing is left."""
        with self._lock:
            count = min(self._largest, max(1, len(self._items) // (2 * self._workers)), len(self._items))
            return [self._items.popleft() for _ in range(count)]


def run_threads(work: Callable[[], None], count: int, stop: threading.Event) -> None:
    """Run `work` in `count` threads until all are done.

    Errors: the first one of any thread; it sets `stop`, and so does Ctrl-C. The threads never keep the process alive.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except Stopped:
            pass
        except BaseException as error:  # handed to the caller's thread, whatever it is
            failures.append(error)
            stop.set()

    threads = [threading.Thread(target=guarded, daemon=True) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        stop.set()
        raise
    if failures:
        raise failures[0]
    if stop.is_set():
        raise Stopped
