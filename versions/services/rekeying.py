"""A download got another version scheme: its numbers are read anew, so that old and new ones share one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downloads.models import Download
from releasehub.core.errors import Conflict, ErrorCode
from versions.models import PublicNumber, Version
from versions.numbering import InvalidNumber, Number, Scheme, accepts, parse

BATCH = 500


def reread_numbers(download: Download) -> None:
    """Recompute the sort keys of all versions and public numbers. The caller holds the lock on the download.

    A number that the scheme does not accept keeps the place that its form gives it.

    Raises:
        Conflict: Two versions would be the same under the new scheme.
    """
    versions = list(Version.all_objects.filter(download=download).order_by())
    past = list(PublicNumber.objects.filter(download=download).order_by())
    for row, number in _read(download, versions):
        row.scheme, row.sort_key = number.scheme.value, number.sort_key
        row.version_int, row.is_prerelease = number.version_int, number.is_prerelease
    for row, number in _read(download, past):
        row.sort_key = number.sort_key
    fields = ["scheme", "sort_key", "version_int", "is_prerelease"]
    Version.all_objects.bulk_update(versions, fields, batch_size=BATCH)
    PublicNumber.objects.bulk_update(past, ["sort_key"], batch_size=BATCH)


def _read(download: Download, rows: Sequence[Any]) -> list[tuple[Any, Number]]:
    found: dict[tuple[str, bytes], str] = {}
    read = []
    for row in rows:
        number = _parse(row.number, download.version_scheme)
        other = found.setdefault((row.channel, number.sort_key), row.number)
        if other != row.number:
            raise Conflict(
                ErrorCode.VERSION_NUMBER_TAKEN,
                f"Under this version scheme {other} and {row.number} in the channel {row.channel} would be the same "
                "version. Keep the scheme, or give one of them another number first.",
                field="version_scheme",
            )
        read.append((row, number))
    return read


def _parse(text: str, scheme: str) -> Number:
    wanted = Scheme(scheme) if scheme else None
    try:
        return parse(text, wanted if wanted and accepts(text, wanted) else None)
    except InvalidNumber:  # accepted when it was created, and reserved since
        return parse(text, Scheme.OTHER)
