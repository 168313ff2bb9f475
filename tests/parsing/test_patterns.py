"""Every regular expression of ReleaseHub reads every text in time that grows with its length, not faster."""

from __future__ import annotations

import re

import pytest

from tests.parsing.cpu import CpuTimeExceeded, cpu_limit
from tests.parsing.patterns import Use, all_uses
from tests.parsing.pumps import pumps_for
from tests.speed import slowness

pytestmark = pytest.mark.embedded

# A linear pattern reads 8,000 characters in less than 1 ms, a quadratic one needs at least 80 ms.
SIZE = 8_000
LIMIT_SECONDS = 0.04
# What is slow is tried again: 64,000 characters take 8 times as long if the pattern is linear, and 64 times if not.
LARGE_SIZE = 64_000
LARGE_LIMIT_SECONDS = 0.64


def slow_text(use: Use) -> object:
    """Return how the first text that takes too long is made, or None."""
    for pump in pumps_for(use.pattern):
        if not exceeds(use, pump.text(SIZE), LIMIT_SECONDS):
            continue
        if exceeds(use, pump.text(LARGE_SIZE), LARGE_LIMIT_SECONDS * slowness()):
            return pump
    return None


def exceeds(use: Use, text: object, seconds: float) -> bool:
    try:
        with cpu_limit(seconds):
            use.run(text)
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
