"""Invented downloads of a file per day: a peak after its release, quiet weekends, a decline after the next release."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp

SATURDAY = 5
WEEKEND_SHARE = 0.55
PEAK, PEAK_DAYS = 1.6, 6  # how much a new version adds at first, and how fast that is over
FADE_DAYS, YANKED_FADE_DAYS = 9, 0.5  # how fast users leave a version that has a successor
REMAINING_SHARE = 0.05
GROWTH_PER_DAY = 0.003
PRERELEASE_SHARE = 0.12
SYSTEM_SHARES = {
    ("linux", "x64"): 0.44,
    ("linux", "arm64"): 0.09,
    ("macos", "arm64"): 0.19,
    ("windows", "x64"): 0.28,
}


@dataclass(frozen=True)
class Curve:
    """The downloads of one file, of which `daily` are expected on a usual working day.

    `released` and `replaced` are days; without a successor, `replaced` is None. `is_yanked` ends the downloads then.
    """

    daily: float
    released: date
    replaced: date | None
    seed: str
    is_yanked: bool = False

    def until(self, last: date) -> Iterator[tuple[date, int]]:
        """Yield the days since the release on which something was downloaded. The same seed gives the same numbers."""
        noise = random.Random(self.seed)  # noqa: S311 - not a secret
        for age in range((last - self.released).days + 1):
            day = self.released + timedelta(days=age)
            count = round(self._expected(day, age) * noise.uniform(0.8, 1.2))
            if count:
                yield day, count

    def _expected(self, day: date, age: int) -> float:
        expected = self.daily * (1 + PEAK * exp(-age / PEAK_DAYS)) * (1 + GROWTH_PER_DAY * age)
        if self.replaced and day >= self.replaced:
            fade_days, remaining = (YANKED_FADE_DAYS, 0) if self.is_yanked else (FADE_DAYS, REMAINING_SHARE)
            expected *= max(remaining, exp(-(day - self.replaced).days / fade_days))
        return expected * (WEEKEND_SHARE if day.weekday() >= SATURDAY else 1)
