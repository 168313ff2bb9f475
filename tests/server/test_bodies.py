"""The rest of a refused body is received within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from releasehub.server import bodies
from releasehub.server.pace import BodyTooSlow
from tests.asynchronous import run_coroutine

pytestmark = pytest.mark.embedded
CHUNK = b"x" * 100


async def endless(sent: list[bytes]) -> AsyncIterator[bytes]:
    while True:
        sent.append(CHUNK)
        yield CHUNK


async def stalled(sent: list[bytes]) -> AsyncIterator[bytes]:
    sent.append(CHUNK)
    yield CHUNK
    raise BodyTooSlow


def test_an_endless_body_is_discarded_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_DISCARDED_BYTES", 1000)
    sent: list[bytes] = []
    run_coroutine(bodies.discard(endless(sent)))
    assert len(sent) == 11


def test_a_client_that_stops_sending_ends_it() -> None:
    sent: list[bytes] = []
    run_coroutine(bodies.discard(stalled(sent)))
    assert len(sent) == 1
