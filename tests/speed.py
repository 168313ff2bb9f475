"""Measure how slow this machine currently is, to adjust limits of CPU time."""

import time

USUAL_SECONDS = 0.04  # of the work below


def slowness() -> float:
    """Return how many times longer than usual a fixed piece of work takes; at least 1."""
    took = []
    for _ in range(2):
        started = time.process_time()
        sum(number * number for number in range(1_000_000))
        took.append(time.process_time() - started)
    return max(1.0, min(took) / USUAL_SECONDS)
