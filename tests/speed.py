"""Measure how slow this machine currently is, to adjust limits of CPU time.

A virtual machine can stand still for seconds, which counts as CPU time of whatever runs. So a measurement that exceeds
its limit proves nothing until it is repeated. What grows faster than its input exceeds the limit every time.
"""

import gc
import time
from collections.abc import Callable

ATTEMPTS = 4
USUAL_SECONDS = 0.04  # of the work below


def takes_at_most(seconds: float, work: Callable[[], object]) -> bool:
    """Return whether the work takes at most so many seconds of CPU time on a usual machine, in one of some attempts."""
    return any(is_within(seconds, cpu_seconds(work)) for _ in range(ATTEMPTS))


def takes_at_most_times(factor: float, ordinary: Callable[[], object], work: Callable[[], object]) -> bool:
    """Return whether the work takes at most so many times as long as the ordinary one, in one of some attempts."""
    return any(cpu_seconds(work) < factor * cpu_seconds(ordinary) for _ in range(ATTEMPTS))


def is_within(seconds: float, taken: float) -> bool:
    """Return whether work that took so long would be within the limit on a usual machine.

    The slowness is not measured where the limit is kept anyway, because that takes longer than most of the work.
    """
    return taken < seconds or taken < seconds * slowness()


def cpu_seconds(work: Callable[[], object]) -> float:
    """The garbage collector rests meanwhile: late in a test run it needs more time for what the process holds."""
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def slowness() -> float:
    """Return how many times longer than usual a fixed piece of work takes; at least 1."""
    took = []
    for _ in range(2):
        started = time.process_time()
        sum(number * number for number in range(1_000_000))
        took.append(time.process_time() - started)
    return max(1.0, min(took) / USUAL_SECONDS)
