"""Streamed request bodies: a blocking stream for Django over the chunks that the event loop receives."""

import asyncio
import io
import queue
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from releasehub.server.pace import BodyTooSlow

MAX_AHEAD_BYTES = 1024 * 1024
MAX_DISCARDED_BYTES = 64 * 1024 * 1024
DISCARD_SECONDS = 30.0


class StreamedBody(io.RawIOBase):
    """A body that is received while it is read, with at most `MAX_AHEAD_BYTES` and one chunk in memory.

    Nothing is received before the first read, so no body is transferred if a request is rejected by its headers.

    Args:
        length: The declared length in bytes, or None for a chunked body.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop, length: int | None = None
    ) -> None:
        super().__init__()
        self._missing_bytes = length
        self.failure: BodyTooSlow | None = None
        self._chunks = chunks
        self._loop = loop
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._current = memoryview(b"")
        self._ahead_bytes = 0
        self._has_room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_started = self._is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the bytes that have arrived, and wait if there are none.

        Raises:
            BodyTooSlow: The client is below the minimum rate or missed a deadline.
        """
        if not self._current and not self._is_at_end:
            self._receive()
        count = min(len(buffer), len(self._current))
        buffer[:count] = self._current[:count]
        self._current = self._current[count:]
        if self._missing_bytes is not None:
            self._missing_bytes -= count
        return count

    @property
    def is_untouched(self) -> bool:
        """True if the application has read nothing, so that nothing was received."""
        return not self._is_started

    @property
    def is_read(self) -> bool:
        """True if the application has read the body to its end."""
        return self._is_at_end or self._missing_bytes == 0

    def stop(self) -> None:
        """Stop receiving. This is called in the event loop when the response is ready."""
        if self._task is not None:
            self._task.cancel()

    def _receive(self) -> None:
        if not self._is_started:
            self._is_started = True
            self._loop.call_soon_threadsafe(self._start)
        chunk = self._arrived.get()
        if chunk:
            self._loop.call_soon_threadsafe(self._make_room, len(chunk))
            self._current = memoryview(chunk)
            return
        self._is_at_end = True
        if self.failure is not None:
            raise self.failure

    def _start(self) -> None:
        self._task = self._loop.create_task(self._pump())

    async def _pump(self) -> None:
        """Receive chunks in the event loop, and pause while the application is too far behind."""
        try:
            async for chunk in self._chunks:
                self._arrived.put(chunk)
                self._ahead_bytes += len(chunk)
                while self._ahead_bytes > MAX_AHEAD_BYTES:
                    self._has_room.clear()
                    await self._has_room.wait()
        except BodyTooSlow as failure:
            self.failure = failure
        finally:
            # The empty chunk wakes the thread that waits in `_receive`, also after a failure or a cancellation.
            self._arrived.put(b"")

    def _make_room(self, size: int) -> None:
        """Let `_pump` continue. Like `_pump` it runs in the event loop, so the counter needs no lock."""
        self._ahead_bytes -= size
        self._has_room.set()


async def discard(chunks: AsyncIterator[bytes]) -> None:
    """Receive the rest of a body after its response, and drop it, within limits.

    Many programs, such as all those on Node.js, read the response only after they have sent the whole body. If the
    connection was closed before, they would report a broken pipe instead of the response.
    """
    discarded_bytes = 0
    with suppress(TimeoutError):  # also if the client is too slow
        async with asyncio.timeout(DISCARD_SECONDS):
            async for chunk in chunks:
                discarded_bytes += len(chunk)
                if discarded_bytes > MAX_DISCARDED_BYTES:
                    return


async def chained(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the bytes that were already received, then the remaining chunks."""
    if head:
        yield head
    async for chunk in chunks:
        yield chunk
