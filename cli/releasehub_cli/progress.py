"""The progress of transfers: bars on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from releasehub_cli.output import Output, human_bytes, human_seconds, printable

LINE_SECONDS = 10.0


class Task(Protocol):
    """One transfer whose progress is shown."""

    def advance(self, count: int) -> None:
        """Add `count` bytes. The count is negative if a part has to be sent again."""

    def close(self) -> None: ...


class Meter(Protocol):
    """Shows the progress of transfers."""

    def task(self, name: str, total: int, done: int = 0) -> Task:
        """Start a task of `total` bytes, of which `done` were transferred earlier."""


class SilentTask:
    def advance(self, count: int) -> None: ...

    def close(self) -> None: ...


class SilentMeter:
    def task(self, name: str, total: int, done: int = 0) -> Task:
        return SilentTask()


class PlainTask:
    def __init__(self, output: Output, name: str, total: int, done: int) -> None:
        self.output, self.name, self.total, self.done = output, name, total, done
        self._done_before, self._started_at = done, time.monotonic()
        self._printed_at = self._started_at
        self._lock = threading.Lock()

    def advance(self, count: int) -> None:
        with self._lock:
            self.done += count
            now = time.monotonic()
            if now - self._printed_at < LINE_SECONDS:
                return
            self._printed_at = now
            line = self._line(now)
        self.output.note(line)

    def close(self) -> None: ...

    def _line(self, now: float) -> str:
        speed = max(self.done - self._done_before, 0) / max(now - self._started_at, 0.001)
        share = 100 * self.done // self.total if self.total else 100
        remaining_time = f", {human_seconds((self.total - self.done) / speed)} left" if speed else ""
        return f"{self.name}: {share} % of {human_bytes(self.total)}, {human_bytes(speed)}/s{remaining_time}"


class PlainMeter:
    def __init__(self, output: Output) -> None:
        self.output = output

    def task(self, name: str, total: int, done: int = 0) -> Task:
        return PlainTask(self.output, name, total, done)


class BarTask:
    def __init__(self, bars: Progress, name: str, total: int, done: int) -> None:
        self.bars = bars
        self.id = bars.add_task("", name=printable(name), total=total, completed=done)

    def advance(self, count: int) -> None:
        self.bars.advance(self.id, count)

    def close(self) -> None:
        self.bars.remove_task(self.id)


class BarMeter:
    def __init__(self, bars: Progress) -> None:
        self.bars = bars

    def task(self, name: str, total: int, done: int = 0) -> Task:
        return BarTask(self.bars, name, total, done)


@contextmanager
def meter(output: Output) -> Iterator[Meter]:
    """Yield the meter that suits the options and the terminal."""
    if output.quiet:
        yield SilentMeter()
    elif not output.is_interactive:
        yield PlainMeter(output)
    else:
        with Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        ) as bars:
            yield BarMeter(bars)
