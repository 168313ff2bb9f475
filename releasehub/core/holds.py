"""A registry of legal holds, for layers below the app `downloads`, which cannot import it.

The app `downloads` registers a lookup here. The audit log and the webhooks ask which rows they have to keep.
"""

from collections.abc import Callable

_lookups: list[Callable[[], list[int]]] = []


def register_held_downloads(lookup: Callable[[], list[int]]) -> None:
    """Let `lookup` return the primary keys of the downloads under a legal hold."""
    _lookups.append(lookup)


def held_download_ids() -> list[int]:
    """Return the primary keys of the downloads under a legal hold. There are few of them."""
    return [download_id for lookup in _lookups for download_id in lookup()]
