"""Suggest the number of the next version, for forms."""

from django.utils import timezone

from downloads.models import Download
from versions.models import Version

FIRST_NUMBER = "1.0.0"
DIGITS = "0123456789"


def suggest_number(download: Download) -> str:
    """Return a number for the next version of the download, or an empty string if none follows from the last one."""
    if download.version_scheme == Download.VersionScheme.CALVER:
        return timezone.now().strftime("%Y.%m.%d-%H%M%S")
    newest = Version.objects.filter(download=download).of_newest_first().first()
    return next_number(newest.number) if newest else FIRST_NUMBER


def next_number(number: str) -> str:
    """Return the number with its last digits counted up: 1.4.9 becomes 1.4.10, and 2.0.0-rc.1 becomes 2.0.0-rc.2.

    Build metadata is dropped. The result is empty if the number does not end with digits.
    """
    release = number.partition("+")[0]
    stem = release.rstrip(DIGITS)
    last = release[len(stem) :]
    return f"{stem}{str(int(last) + 1).zfill(len(last))}" if last else ""
