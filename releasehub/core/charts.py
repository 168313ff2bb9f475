"""The geometry of a chart of stacked bars. Templates write it as SVG, with classes instead of styles."""

from collections.abc import Sequence
from dataclasses import dataclass

STEP_WIDTH = 10
BAR_WIDTH = 8
HEIGHT = 100
_ROUND_FACTORS = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True)
class Segment:
    """The part of a bar that belongs to one series.

    `name` is the number of the series. The other numbers are texts, too, because languages write them differently.
    """

    name: str
    y: str
    height: str


@dataclass(frozen=True)
class Bar:
    """All series of one day or month, from the bottom to the top. `label` says the same as a text."""

    label: str
    x: int
    segments: list[Segment]


@dataclass(frozen=True)
class Chart:
    """Bars in a box that starts at 0, 0. `top` is the value at its upper edge."""

    width: int
    top: int
    bars: list[Bar]

    @property
    def middle(self) -> int:
        return self.top // 2


def stacked_chart(names: Sequence[str], series: Sequence[Sequence[int]], labels: Sequence[str]) -> Chart:
    """Return the chart of series that each have a name and one count for every label."""
    columns = [[counts[step] for counts in series] for step in range(len(labels))]
    top = round_up(max((sum(column) for column in columns), default=0))
    bars = [
        Bar(label, step * STEP_WIDTH + 1, _segments(names, column, top))
        for step, (label, column) in enumerate(zip(labels, columns, strict=True))
    ]
    return Chart(len(labels) * STEP_WIDTH, top, bars)


def round_up(value: int) -> int:
    """Return the next even value that is easy to read, such as 20, 40, 50 or 100. It is at least 2."""
    scale = 1
    while True:
        for factor in _ROUND_FACTORS:
            if factor * scale >= value and factor * scale % 2 == 0:
                return factor * scale
        scale *= 10


def _segments(names: Sequence[str], column: list[int], top: int) -> list[Segment]:
    segments, bottom = [], 0.0
    for name, count in zip(names, column, strict=True):
        if count:
            height = HEIGHT * count / top
            bottom += height
            segments.append(Segment(name, f"{HEIGHT - bottom:.2f}", f"{height:.2f}"))
    return segments
