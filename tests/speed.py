"""How slow this machine is just now, for limits of CPU time that were set on a usual one."""

import time

USUAL_SECONDS = 0.04  # of the work below


def slowness() -> float:
    """How many times as long as usual a fixed piece of work takes; at least 1."""
    took = []
    for _ in range(2):
        started = time.process_time()
        sum(number * number for number in range(1_000_000))
        took.append(time.process_time() - started)
    return max(1.0, min(took) / USUAL_SECONDS)
