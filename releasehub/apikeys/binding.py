"""Lookup of the downloads that a key can be bound to.

The app of downloads is above this one, so it registers the lookup function here.
"""

from collections.abc import Callable

DownloadLookup = Callable[[str], int | None]

_lookups: list[DownloadLookup] = []


def register_download_lookup(lookup: DownloadLookup) -> None:
    """Register a function that returns the id of the download with a current or former slug, or None."""
    _lookups[:] = [lookup]


def find_download_id(slug: str) -> int | None:
    """Return the id of the download with this current or former slug, or None."""
    return next((pk for lookup in _lookups if (pk := lookup(slug)) is not None), None)
