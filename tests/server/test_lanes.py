"""A lane refuses what would wait too long, and goes on afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from releasehub.server.lanes import Overloaded, RequestLane
from tests.asynchronous import run_coroutine

pytestmark = pytest.mark.embedded
PATIENCE = 60.0


@asynccontextmanager
async def occupied(lane: RequestLane) -> AsyncIterator[None]:
    """Occupy the single thread of the lane within the block."""
    is_running, is_over = threading.Event(), threading.Event()

    def occupy() -> None:
        is_running.set()
        is_over.wait(PATIENCE)

    task = asyncio.create_task(lane.run(occupy))
    await asyncio.to_thread(is_running.wait, PATIENCE)
    try:
        yield
    finally:
        is_over.set()
        await task


async def waiting_in(lane: RequestLane) -> asyncio.Task[str]:
    task = asyncio.create_task(lane.run(lambda: "done"))
    await asyncio.sleep(0)
    return task


def test_full_queue_refuses_at_once() -> None:
    async def run() -> None:
        lane = RequestLane("test", threads=1, max_waiting=1, max_seconds=PATIENCE)
        async with occupied(lane):
            waiting = await waiting_in(lane)
            with pytest.raises(Overloaded):
                await lane.run(lambda: "refused")
        assert await waiting == "done"
        assert await lane.run(lambda: "again") == "again"
        assert lane.unfinished == 0

    run_coroutine(run())


def test_request_that_waited_too_long_is_refused_and_never_runs() -> None:
    async def run() -> None:
        lane, ran = RequestLane("test", threads=1, max_waiting=9, max_seconds=0.01), []
        async with occupied(lane):
            with pytest.raises(Overloaded):
                await lane.run(ran.append, 1)
        assert await lane.run(lambda: "again") == "again"
        assert not ran

    run_coroutine(run())


def test_canceled_task_is_not_reported_as_overload() -> None:
    async def run() -> None:
        lane = RequestLane("test", threads=1, max_waiting=9, max_seconds=PATIENCE)
        async with occupied(lane):
            waiting = await waiting_in(lane)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert lane.unfinished == 0

    run_coroutine(run())
