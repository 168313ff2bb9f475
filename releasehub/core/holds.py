"""Legal holds, for the layers that store rows about a download but know no downloads.

The app `downloads` registers which downloads are under a legal hold. The audit log and the events keep their rows.
"""

from __future__ import annotations

from collections.abc import Callable

_lookups: list[Callable[[], list[int]]] = []


def register_held_downloads(lookup: Callable[[], list[int]]) -> None:
    """Let `lookup` return the primary keys of the downloads under a legal hold."""
    _lookups.append(lookup)


def held_download_ids() -> list[int]:
    """Return the primary keys of the downloads under a legal hold. There are few of them."""
    return [download_id for lookup in _lookups for download_id in lookup()]
