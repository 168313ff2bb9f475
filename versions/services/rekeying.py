"""Parse the version numbers of a download again after its version scheme changed.

Old and new numbers then have sort keys of the same scheme, so they share one order.
"""

from collections.abc import Sequence
from typing import Any

from downloads.models import Download
from releasehub.core.errors import Conflict, ErrorCode
from versions.models import PublicNumber, Version
from versions.numbering import InvalidNumber, Number, parse
from versions.schemes import Scheme, accepts

BATCH = 500


def reread_numbers(download: Download) -> None:
    """Recompute the sort keys of all versions and public numbers. The caller holds the lock on the download.

    A number that the new scheme does not accept gets the sort key of the scheme that its form suggests.

    Raises:
        Conflict: Two numbers in one channel would be equal under the new scheme.
    """
    # Deleted versions and public numbers are included, because they keep their numbers reserved.
    versions = list(Version.all_objects.filter(download=download).order_by())
    past = list(PublicNumber.objects.filter(download=download).order_by())
    for row, number in _parse_rows(download, versions):
        row.scheme, row.sort_key = number.scheme.value, number.sort_key
        row.version_int, row.is_prerelease = number.version_int, number.is_prerelease
    for row, number in _parse_rows(download, past):
        row.sort_key = number.sort_key
    fields = ["scheme", "sort_key", "version_int", "is_prerelease"]
    Version.all_objects.bulk_update(versions, fields, batch_size=BATCH)
    PublicNumber.objects.bulk_update(past, ["sort_key"], batch_size=BATCH)


def _parse_rows(download: Download, rows: Sequence[Any]) -> list[tuple[Any, Number]]:
    """Return each row with its number as the new scheme parses it, or raise Conflict if two numbers become equal."""
    numbers_by_key: dict[tuple[str, bytes], str] = {}
    parsed_rows = []
    for row in rows:
        number = _parse(row.number, download.version_scheme)
        other = numbers_by_key.setdefault((row.channel, number.sort_key), row.number)
        if other != row.number:
            raise Conflict(
                ErrorCode.VERSION_NUMBER_TAKEN,
                f"Under this version scheme, {other} and {row.number} in the channel {row.channel} are the "
                "same version. Keep the scheme, or change one of the two numbers first.",
                field="version_scheme",
            )
        parsed_rows.append((row, number))
    return parsed_rows


def _parse(text: str, scheme: str) -> Number:
    """Return the number as the scheme parses it, or as its form suggests if the scheme does not accept it."""
    try:
        return parse(text, scheme if scheme and accepts(text, Scheme(scheme)) else None)
    except InvalidNumber:  # The number was valid when the version was created, and the word became reserved later.
        return parse(text, Scheme.OTHER)
