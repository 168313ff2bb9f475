"""Every regular expression of ReleaseHub reads every text in time that grows with its length, not faster."""

from __future__ import annotations

import re

import pytest

from tests.parsing.cpu import CpuTimeExceeded, cpu_limit
from tests.parsing.patterns import Use, all_uses
from tests.parsing.pumps import Pump, pumps_for
from tests.speed import slowness

pytestmark = pytest.mark.embedded

# A linear pattern reads 4,000 characters in less than 0.5 ms, a quadratic one needs at least 20 ms.
SIZE = 4_000
LIMIT_SECONDS = 0.01
# One timer watches this many texts, because there are 100,000 of them. If they exceed its limit, each gets its own.
BATCH = 20
# What is slow is tried again: 16,000 characters take 4 times as long if the pattern is linear, and 16 times if not.
LARGE_SIZE = 16_000
LARGE_LIMIT_SECONDS = 0.16


def slow_text(use: Use) -> object:
    """Return how the first text that takes too long is made, or None."""
    pumps = pumps_for(use.pattern)
    for start in range(0, len(pumps), BATCH):
        batch = pumps[start : start + BATCH]
        if exceeds(use, batch, SIZE, LIMIT_SECONDS):
            for pump in batch:
                if is_slow(use, pump):
                    return pump
    return None


def is_slow(use: Use, pump: Pump) -> bool:
    return exceeds(use, [pump], SIZE, LIMIT_SECONDS) and exceeds(
        use, [pump], LARGE_SIZE, LARGE_LIMIT_SECONDS * slowness()
    )


def exceeds(use: Use, pumps: list[Pump], size: int, seconds: float) -> bool:
    """Return whether the pattern needs more CPU time to read one text of each pump."""
    try:
        with cpu_limit(seconds):
            for pump in pumps:
                use.run(pump.text(size))
    except CpuTimeExceeded:
        return True
    return False


def test_every_pattern_is_linear() -> None:
    slow = {use.place: text for use in all_uses() if (text := slow_text(use)) is not None}
    assert slow == {}


@pytest.mark.parametrize(
    "pattern",
    [r"^\s*(?:<!--.*?-->\s*)*<html", r"(a|a)*b", r"(\w+\.)*\w+@", r"\s+$", r"a*a*b", r"(?:[a-z]+-?)+:", r"x.*y.*z"],
)
def test_backtracking_pattern_is_detected(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert slow_text(Use("here", compiled, "search", compiled.search)) is not None
