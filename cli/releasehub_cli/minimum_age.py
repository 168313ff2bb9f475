"""The minimum age of a newest version: how long it must have been public. The hub decides which version that is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class MinimumAge:
    """The options --min-age and --no-security. Without them, the newest version counts."""

    min_age: str = ""
    exempts_security: bool = True

    def add_to(self, link: str) -> str:
        """Return the permanent link with the parameters of the minimum age."""
        if not self.min_age:
            return link
        query = {"min_age": self.min_age} | ({} if self.exempts_security else {"security": "0"})
        return f"{link}{'&' if '?' in link else '?'}{urlencode(query)}"


NO_MINIMUM_AGE = MinimumAge()
