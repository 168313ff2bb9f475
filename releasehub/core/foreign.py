"""Names that only the original systems know, such as a scope of theirs that has no counterpart here.

Clients send these names and compare the answer with what they sent. The hub stores them apart from the names that it
knows, in a column of their own that nothing but the serializers reads, so they match no event and grant nothing, even
after a later release of the hub gives such a name a meaning.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

from releasehub.core.errors import Invalid

MAX_FOREIGN_CHARACTERS = 10_000


def split_names(names: Iterable[str], known_names: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the names that the hub knows and the others, both sorted and without duplicates."""
    unique, known = set(names), set(known_names)
    return sorted(unique & known), sorted(unique - known)


def check_foreign(value: Any, *, field: str) -> None:
    """Check that foreign names do not take more space than any real client needs.

    Raises:
        Invalid: They are too long. The error names `field`.
    """
    if len(json.dumps(value)) > MAX_FOREIGN_CHARACTERS:
        message = (
            f"The names in {field} that this hub does not know are too long. Send at most {MAX_FOREIGN_CHARACTERS} "
            "characters of them."
        )
        raise Invalid(message, field=field)
