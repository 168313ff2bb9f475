"""A limit on the CPU time of this process: how long other processes make it wait does not count.

The garbage collector rests meanwhile: late in a test run it needs longer for all that the process holds than the limit.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class CpuTimeExceeded(Exception):
    """The block needed more CPU time than it may."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """End the block with CpuTimeExceeded after so many seconds of CPU time; a running `re` match ends as well."""

    def end(signum: int, frame: object) -> None:
        raise CpuTimeExceeded(f"more than {seconds} seconds of CPU time")

    before = signal.signal(signal.SIGVTALRM, end)
    gc.disable()
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)
