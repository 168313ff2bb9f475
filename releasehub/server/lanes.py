"""Threads that answer requests, with a limited queue in front of them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Overloaded(Exception):
    """The queue is full, or a request waited in it for too long."""


class RequestLane:
    """A pool of threads. A request that would have to wait behind too many others, or waits for too long, is refused.

    Without these limits, requests would wait for as long as their clients do, and each would occupy a connection.
    """

    def __init__(self, name: str, *, threads: int, max_waiting: int, max_seconds: float) -> None:
        self.max_unfinished = threads + max_waiting
        self.max_seconds = max_seconds
        self.unfinished = 0  # changed in the thread of the event loop only
        self.executor = ThreadPoolExecutor(threads, name)

    async def run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Run the call in one of the threads.

        Raises:
            Overloaded: The call was not started.
        """
        if self.unfinished >= self.max_unfinished:
            raise Overloaded
        self.unfinished += 1
        future = self.executor.submit(call, *arguments)
        # Only a call that no thread has started can be canceled.
        timer = asyncio.get_running_loop().call_later(self.max_seconds, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise Overloaded from None
        finally:
            timer.cancel()
            self.unfinished -= 1
