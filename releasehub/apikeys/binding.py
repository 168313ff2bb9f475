"""What a key can be bound to. Downloads lie above this app, so their app registers how a slug is looked up."""

from collections.abc import Callable

DownloadLookup = Callable[[str], int | None]

_lookups: list[DownloadLookup] = []


def register_download_lookup(lookup: DownloadLookup) -> None:
    """Register a function that returns the id of the download with a present or former slug, or None."""
    _lookups[:] = [lookup]


def find_download_id(slug: str) -> int | None:
    return next((pk for lookup in _lookups if (pk := lookup(slug)) is not None), None)
