"""Figures of all products, and the table of their ratios."""

from dataclasses import dataclass, field

from bench.peers.peer import DETAIL, LIST, SMALL_DOWNLOAD
from bench.report import spread

UPLOAD, LARGE_DOWNLOAD = "upload", "download, large"
MEGABYTES = frozenset({UPLOAD, LARGE_DOWNLOAD})
GOALS = {(LIST, "pulpcore"): 30, (DETAIL, "pulpcore"): 20, (UPLOAD, "pulpcore"): 2, (SMALL_DOWNLOAD, "pulpcore"): 3}


@dataclass(frozen=True)
class Figure:
    """The result of one round: requests or megabytes per second, and CPU time in milliseconds for each of them."""

    speed: float
    cpu: float
    failed: int = 0


@dataclass
class Compared:
    """The rounds of all products by target, their memory, and why products were left out."""

    rounds: dict[str, dict[str, list[Figure]]] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def failed(self) -> int:
        return sum(figure.failed for sides in self.rounds.values() for side in sides.values() for figure in side)


def peer_table(found: Compared, upload_mib: int, large_mib: int) -> str:
    sizes = {UPLOAD: f" of {upload_mib} MiB", LARGE_DOWNLOAD: f" of {large_mib} MiB"}
    lines = []
    for target, sides in found.rounds.items():
        unit = "MB/s" if target in MEGABYTES else "req/s"
        lines.append(f"\n{target.removesuffix(', large')}{sizes.get(target, '')}")
        (_, ours), *others = sides.items()
        for name, figures in sides.items():
            lines.append(f"  {name:<24} {unit} {spread([figure.speed for figure in figures])}"
                         f"   CPU ms {spread([figure.cpu for figure in figures])}")  # fmt: skip
        for name, theirs in others:
            lines.append(f"  ReleaseHub / {name:<24} {ratios(target, name, ours, theirs)}")
    lines.append("\nmemory, MiB (PSS)")
    for name, used in found.memory.items():
        parts = ", ".join(f"{part} {mib:.0f}" for part, mib in used.items())
        lines.append(f"  {name:<24} {sum(used.values()):.0f} in {len(used)} processes: {parts}")
    lines += [f"left out: {name}: {reason.splitlines()[0]}" for name, reason in found.left_out.items()]
    return "\n".join([*lines, *found.notes])


def ratios(target: str, name: str, ours: list[Figure], theirs: list[Figure]) -> str:
    """Return the ratios round by round: how much faster ReleaseHub is, and how much less CPU time it takes."""
    pairs = list(zip(ours, theirs, strict=False))  # a product that was left out has fewer rounds
    speed = [our.speed / their.speed for our, their in pairs if their.speed]
    work = [their.cpu / our.cpu for our, their in pairs if our.cpu]
    goal = GOALS.get((target, name.split()[0]))
    return f"{spread(speed)} times as fast, {spread(work)} times less CPU" + (f"   goal {goal}" if goal else "")
