"""A body has a deadline for each pause, a minimum rate, and a total time."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from releasehub.server import pace
from releasehub.server.pace import BodyTooSlow, paced_chunks

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.BODY_STALL_SECONDS = 10
    settings.BODY_MIN_BYTES_PER_SECOND = 100
    settings.BODY_TOTAL_SECONDS = 60


class Clock:
    """Stands still but for what a body says that the client took."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def body(self, chunk: bytes, seconds: float, count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            self.now += seconds
            yield chunk


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def received(source: AsyncIterator[bytes]) -> int:
    async def count() -> int:
        return sum([len(chunk) async for chunk in paced_chunks(source)])

    with ThreadPoolExecutor(1) as pool:  # Playwright keeps an event loop in the thread of the tests
        return pool.submit(asyncio.run, count()).result()


def test_a_body_above_the_minimum_rate_arrives(clock: Clock) -> None:
    assert received(clock.body(b"x" * 200, 1, 50)) == 10_000


def test_a_body_below_the_minimum_rate_is_refused(clock: Clock) -> None:
    with pytest.raises(BodyTooSlow):
        received(clock.body(b"x", 1, 50))


def test_a_body_above_the_total_time_is_refused(clock: Clock) -> None:
    with pytest.raises(BodyTooSlow):
        received(clock.body(b"x" * 1000, 1, 70))


def test_a_body_that_stops_is_refused(settings: Any) -> None:
    settings.BODY_STALL_SECONDS = 0.01

    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    with pytest.raises(BodyTooSlow):
        received(silent())
