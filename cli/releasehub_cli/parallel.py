"""Run work in several threads that stop together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from releasehub_cli.retrying import Stopped

T = TypeVar("T")


class WorkQueue(Generic[T]):
    """A queue that hands out batches, smaller ones towards the end, so that all workers finish at the same time."""

    def __init__(self, items: Iterable[T], *, workers: int, max_batch: int = 1) -> None:
        self._items = deque(items)
        self._workers, self._largest = workers, max_batch
        self._lock = threading.Lock()

    def take(self) -> list[T]:
        """Return the next batch, or an empty list if the queue is empty."""
        with self._lock:
            count = min(self._largest, max(1, len(self._items) // (2 * self._workers)), len(self._items))
            return [self._items.popleft() for _ in range(count)]


def run_threads(work: Callable[[], None], count: int, stop: threading.Event) -> None:
    """Run `work` in `count` daemon threads until all are done.

    The first error of a thread and Ctrl-C set `stop`, which ends the other threads. The first error is raised again.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except Stopped:
            pass
        except BaseException as error:  # raised again in the thread of the caller
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
