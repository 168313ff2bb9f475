"""Results of a benchmark run, formatted as tables and as JSON."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.load import Load


@dataclass(frozen=True)
class Sample:
    """The result of one round on one side. CPU time is in milliseconds per request."""

    load: Load
    app_cpu: float
    postgres_cpu: float

    @property
    def cpu(self) -> float:
        return self.app_cpu + self.postgres_cpu


@dataclass
class Result:
    """The samples of both sides for one target, round by round."""

    name: str
    budget: float | None
    aim: float | None
    hub: list[Sample] = field(default_factory=list)
    baseline: list[Sample] = field(default_factory=list)

    def speed_ratios(self) -> list[float]:
        return [ours.load.per_second / base.load.per_second for ours, base in self.pairs() if base.load.per_second]

    def cpu_ratios(self) -> list[float]:
        return [ours.cpu / base.cpu for ours, base in self.pairs() if base.cpu]

    def pairs(self) -> list[tuple[Sample, Sample]]:
        return list(zip(self.hub, self.baseline, strict=True))

    def failed(self) -> int:
        return sum(sample.load.failed for sample in (*self.hub, *self.baseline))

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"speed_ratios": self.speed_ratios(), "cpu_ratios": self.cpu_ratios()}


@dataclass
class Uploads:
    """Upload rates in megabytes per second: one entry per upload, in the same order on every side."""

    hub: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


HEADINGS = ("target", "side", "req/s", "min..max", "p50 ms", "p99 ms", "app ms", "pg ms")
WIDTHS = (24, 9, 9, 17, 8, 8, 8, 8)


def table(results: Sequence[Result]) -> str:
    lines = [row(HEADINGS)]
    for result in results:
        lines += [row(cells(result.name, "hub", result.hub)), row(cells("", "baseline", result.baseline))]
        lines.append(
            f"{'':<24} req/s {spread(result.speed_ratios())}   CPU {spread(result.cpu_ratios())}   {goal(result)}"
        )
    return "\n".join(lines)


def cells(name: str, side: str, samples: Sequence[Sample]) -> tuple[str, ...]:
    speeds = [sample.load.per_second for sample in samples]
    figures = (
        statistics.median(values)
        for values in (
            [sample.load.p50 for sample in samples],
            [sample.load.p99 for sample in samples],
            [sample.app_cpu for sample in samples],
            [sample.postgres_cpu for sample in samples],
        )
    )
    middle = (f"{statistics.median(speeds):.1f}", f"{min(speeds):.0f}..{max(speeds):.0f}")
    return (name, side, *middle, *(f"{figure:.2f}" for figure in figures))


def row(texts: Sequence[str]) -> str:
    return " ".join(f"{text:<{width}}" for text, width in zip(texts, WIDTHS, strict=True)).rstrip()


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}..{max(values):.2f}]" if values else "-"


def goal(result: Result) -> str:
    failures = f"   {result.failed()} FAILED" if result.failed() else ""
    return (f"budget {result.budget:.2f}, aim {result.aim:.2f}" if result.budget else "no budget") + failures


def upload_table(uploads: Uploads, mebibytes: int) -> str:
    lines = [f"upload of {mebibytes} MiB, MB/s"]
    for name, speeds in (("hub", uploads.hub), ("baseline", uploads.baseline), ("bare", uploads.bare)):
        lines.append(f"  {name:<9} {statistics.median(speeds):7.1f} [{min(speeds):.0f}..{max(speeds):.0f}]")
    to_baseline = [ours / base for ours, base in zip(uploads.hub, uploads.baseline, strict=True)]
    to_bare = [ours / base for ours, base in zip(uploads.hub, uploads.bare, strict=True)]
    lines.append(f"  to baseline {spread(to_baseline)}   to bare {spread(to_bare)}   budget 0.70, aim 0.90")
    return "\n".join(lines)
