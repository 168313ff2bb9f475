"""The cooldown: clients that only want versions that everybody could see for some time.

A malicious release is usually noticed within days. A client with a cooldown is offered the newest version that has been
public for at least that long, unless the version is a security release, which should not wait.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.utils import timezone

from releasehub.core.errors import Invalid

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
MAX_MIN_AGE = timedelta(weeks=520)
_AGE = re.compile(r"([0-9]{1,7})([mhdw])", re.IGNORECASE)


@dataclass(frozen=True)
class Cooldown:
    """The time for which a version must have been public before a client is offered it."""

    min_age: timedelta
    text: str
    exempts_security: bool = True

    @classmethod
    def parse(cls, text: str, *, exempts_security: bool = True) -> Self | None:
        """Return the cooldown that a client asks for, or None for an empty text or an age of 0.

        Raises:
            Invalid: The text is not a number and a unit, or the age is too long.
        """
        text = text.strip()
        if not text:
            return None
        match = _AGE.fullmatch(text)
        min_age = int(match[1]) * UNITS[match[2].lower()] if match else None
        if min_age is None or min_age > MAX_MIN_AGE:
            raise Invalid(
                f"The min_age {text[:50]!r} is not valid. Send a whole number and a unit: 90m (minutes), 48h (hours), "
                "7d (days) or 2w (weeks), at most 520w.",
                field="min_age",
            )
        return cls(min_age, text.lower(), exempts_security) if min_age else None

    @property
    def public_before(self) -> datetime:
        """The latest moment from which a version may have been public."""
        return timezone.now() - self.min_age

    def lets_through(self, public_since: datetime | None, is_security_release: bool) -> bool:
        """Return whether `VersionQuerySet.after_cooldown` selects such a version."""
        if self.exempts_security and is_security_release:
            return True
        return public_since is not None and public_since <= self.public_before

    @property
    def cache_key(self) -> str:
        return f"{self.text} {self.exempts_security}"
