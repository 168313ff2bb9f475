"""Many clients that read, publish and download for a long time, and then more of them than the hub can serve.

PostgreSQL, Redis, two web processes and two Celery workers run as in production. The run fails if a request fails in
the first part, or if one is neither answered nor refused with 503 and `Retry-After` in the second part.
"""

import asyncio
import os
import resource
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import processes
from bench.mixed_load import Answers, LoadStep, creations, press, quantiles
from bench.plan import Seeded
from bench.production import production

SAMPLE_SECONDS = 5.0
OVERLOAD_CONNECTIONS, OVERLOAD_SECONDS = 1000, 20.0
MAX_P99_TO_P50 = 5.0
WARM_UP_SHARE = 0.25


@dataclass
class Memory:
    """Samples of the memory of one process: seconds since the start, and MiB (PSS)."""

    name: str
    at: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)

    def settled(self) -> tuple[list[float], list[float]]:
        """Return the samples after the caches of the process have been filled."""
        first = int(len(self.at) * WARM_UP_SHARE)
        return self.at[first:], self.mib[first:]

    def slope(self) -> float:
        """Return the growth in MiB per minute."""
        at, mib = self.settled()
        return statistics.linear_regression(at, mib).slope * 60 if len(at) > 2 else 0.0


@dataclass(frozen=True)
class Soaked:
    """The result of a run: the answers under load, past capacity and afterwards, and the memory of each process."""

    normal: Answers
    overload: Answers
    after: Answers
    memory: list[Memory]

    @property
    def is_good(self) -> bool:
        calm = (self.normal, self.after)
        return not (self.overload.errors or any(part.errors or part.refused for part in calm))


def measure(seconds: float, connections: int, pause: float) -> Soaked:
    raise_file_limit(OVERLOAD_CONNECTIONS + 500)
    with production() as (port, roots, seeded, paths):
        steps = list(mix(seeded, paths))
        asyncio.run(press(port, steps, 8, 5.0))
        with sampled(roots) as memory:
            normal = asyncio.run(press(port, steps, connections, seconds, pause))
        print(described("load", normal, connections), flush=True)
        overload = asyncio.run(press(port, steps, OVERLOAD_CONNECTIONS, OVERLOAD_SECONDS))
        print(described("past capacity", overload, OVERLOAD_CONNECTIONS), flush=True)
        after = asyncio.run(press(port, steps, 8, 5.0))
        print(described("afterwards", after, 8), flush=True)
        return Soaked(normal, overload, after, memory)


def mix(seeded: Seeded, files: list[str]) -> Iterator[LoadStep]:
    key = {"XF-Api-Key": seeded.key}
    versions = "/api/mc-dm-versions/"
    yield LoadStep("list by key", 20, f"{versions}?download_id={seeded.heavy}", key)
    yield LoadStep("one version", 15, f"{versions}{seeded.version}/", key)
    yield LoadStep("anonymous list", 10, f"{versions}?download_id={seeded.heavy}")
    yield LoadStep("page", 15, f"/downloads/{seeded.heavy_slug}.{seeded.heavy}/")
    yield LoadStep("update check", 15, f"/api/updates/{seeded.heavy_slug}?version=1.1&platform=linux")
    yield LoadStep("4 KiB", 10, files[0], key)
    yield LoadStep("1 MiB", 5, files[1], key)
    yield LoadStep("new version", 10, versions, key, creations(seeded.others_first, seeded.others_count))


@contextmanager
def sampled(roots: dict[str, int]) -> Iterator[list[Memory]]:
    """Sample the memory of all processes below `roots` within the block."""
    found: dict[int, Memory] = {}
    is_over, started = threading.Event(), time.monotonic()

    def sample() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            for name, root in roots.items():
                for number, pid in enumerate(processes.tree(root)):
                    memory = found.setdefault(pid, Memory(f"{name}.{number}"))
                    memory.mib.append(processes.pss_mib(pid))
                    memory.at.append(time.monotonic() - started)

    thread = threading.Thread(target=sample)
    thread.start()
    memory: list[Memory] = []
    try:
        yield memory
    finally:
        is_over.set()
        thread.join()
        memory += found.values()


def raise_file_limit(wanted: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted * 2, hard), hard))


def described(title: str, found: Answers, connections: int) -> str:
    p50, p99, slowest = quantiles(found.times())
    ratio = p99 / p50 if p50 else 0
    lines = [
        f"{title}: {connections} connections, {found.elapsed:.0f} s, {found.good / found.elapsed:.0f} answers/s, "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({ratio:.1f} times), max {slowest:.0f} ms",
        f"  refused with 503 and Retry-After: {len(found.refused)}, at most {quantiles(found.refused)[2]:.0f} ms",
        *(f"  ERROR {text}: {count}" for text, count in found.errors.most_common(10)),
    ]
    return "\n".join(lines)


def soak_table(found: Soaked) -> str:
    lines = [f"load average {os.getloadavg()[0]:.1f}", ""]
    lines.append(f"{'request':<16} {'answers':>8} {'p50 ms':>8} {'p99 ms':>8}")
    for kind, seconds in sorted(found.normal.seconds.items()):
        p50, p99, _ = quantiles(seconds)
        lines.append(f"{kind:<16} {len(seconds):>8} {p50:>8.0f} {p99:>8.0f}")
    p50, p99, _ = quantiles(found.normal.times())
    lines += [f"p99 is {p99 / max(p50, 0.001):.1f} times p50, budget {MAX_P99_TO_P50:.0f}", ""]
    for memory in found.memory:
        _, mib = memory.settled()
        if mib:
            span = f"{mib[0]:.1f} to {mib[-1]:.1f} MiB (PSS)"
            lines.append(f"{memory.name:<16} {span}, {memory.slope():+.2f} MiB a minute")
    return "\n".join(lines)


def as_json(found: Soaked) -> dict[str, Any]:
    parts = {"normal": found.normal, "overload": found.overload, "after": found.after}
    return {
        name: {
            "elapsed": part.elapsed,
            "answers": {kind: [len(seconds), *quantiles(seconds)] for kind, seconds in part.seconds.items()},
            "refused": len(part.refused),
            "errors": dict(part.errors),
        }
        for name, part in parts.items()
    } | {"memory": [asdict(memory) for memory in found.memory]}
