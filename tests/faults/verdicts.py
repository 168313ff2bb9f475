"""What arrived, held against what committed."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releasehub.webhooks.limits import LANES_PER_ENDPOINT, MAX_UNRECORDED_PER_LANE

Fact = tuple[str, str, str]
"""(event, object, title)"""


@dataclass
class Report:
    """Lines of a table; a line that breaks a promise, or a control that did not happen, fails the run."""

    name: str
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def say(self, what: str, found: object) -> None:
        self.lines.append(("", what, show(found)))

    def must(self, what: str, found: object, *, holds: bool) -> None:
        self.lines.append(("ok" if holds else "FAILED", what, show(found)))

    @property
    def failed(self) -> bool:
        return any(mark == "FAILED" for mark, _, _ in self.lines)

    def __str__(self) -> str:
        width = max(len(what) for _, what, _ in self.lines)
        return "\n".join([self.name, *(f"  {mark:<6} {what:<{width}}  {found}" for mark, what, found in self.lines)])


def show(found: object) -> str:
    if isinstance(found, float):
        return f"{found:,.3f}"
    return f"{found:,}" if isinstance(found, int) else str(found)


def judge_deliveries(
    report: Report,
    committed: Sequence[Fact],
    received: Sequence[Mapping[str, Any]],
    endpoints: Iterable[str],
    faults: int = 0,
) -> None:
    """Compare the events that arrived with the committed ones.

    The promise on duplicates is one for each death of a worker or of the database, see `releasehub/webhooks/limits.py`.
    Without a fault there are none.

    Args:
        committed: In the order of the commits of each object; each has to arrive at each endpoint (its path).
        faults: How often a worker or the database died.
    """
    paths, expected = list(endpoints), set(committed)
    arrived: defaultdict[str, list[Fact]] = defaultdict(list)
    bodies: defaultdict[str, set[tuple[str, str, Fact]]] = defaultdict(set)
    for line in received:
        fact = (line["type"], line["object"], line["title"])
        if line["id"] not in bodies:
            arrived[line["path"]].append(fact)
        bodies[line["id"]].add((line["path"], line["hash"], fact))
    lost = sum(len(expected - set(arrived[path])) for path in paths)
    strange = sum(len(set(facts) - expected) for facts in arrived.values())
    doubled = sum(len(facts) - len(set(facts)) for facts in arrived.values())
    duplicates = len(received) - len(bodies)
    share = duplicates / max(1, len(received))
    limit = LANES_PER_ENDPOINT * MAX_UNRECORDED_PER_LANE * len(paths) * faults
    report.must("events that committed", len(expected), holds=bool(expected))
    report.must("requests received", len(received), holds=bool(received))
    report.must("lost", lost, holds=lost == 0)
    report.must("of changes that did not commit", strange, holds=strange == 0)
    report.must("told twice under different ids", doubled, holds=doubled == 0)
    report.must("ids with more than one body", differing(bodies.values()), holds=differing(bodies.values()) == 0)
    per_fault = duplicates / max(1, faults)
    told = f"{duplicates} ({share:.3%}, {per_fault:.2f} for each of {faults} deaths; the limit is {limit})"
    report.must("duplicates", told, holds=duplicates <= limit)
    wrong = sum(out_of_order(committed, facts) for facts in arrived.values())
    report.must("objects told out of order", wrong, holds=wrong == 0)


def differing(bodies: Iterable[set[tuple[str, str, Fact]]]) -> int:
    return sum(len(found) > 1 for found in bodies)


def out_of_order(committed: Sequence[Fact], arrived: Sequence[Fact]) -> int:
    """Return the number of objects whose events first arrived in another order than they were committed."""
    place = {fact: number for number, fact in enumerate(committed)}
    of_object: defaultdict[str, list[int]] = defaultdict(list)
    for fact in arrived:
        if fact in place:
            of_object[fact[1]].append(place[fact])
    return sum(places != sorted(places) for places in of_object.values())


def percentile(values: Sequence[float], share: float) -> float:
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1] if len(values) > 1 else 0.0


def same_counts(report: Report, what: str, shadow: Counter[Any], found: Counter[Any]) -> None:
    missing, extra = shadow - found, found - shadow
    report.must(f"{what} missing", missing.total(), holds=not missing)
    report.must(f"{what} too many", extra.total(), holds=not extra)
