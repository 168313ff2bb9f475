"""When a version can be seen by outsiders: it is open, and so is its download.

From that moment its number belongs to it forever. The layer of files registers here to keep the file names.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Exists, OuterRef

from downloads.exposure import is_exposed
from downloads.models import Download
from versions.models import PublicNumber, Version
from versions.querysets import VersionQuerySet

Listener = Callable[[VersionQuerySet], None]
BATCH = 1000
_listeners: list[Listener] = []


def register_version_exposure(listener: Listener) -> None:
    """Call `listener` with versions that outsiders can see from now on, in the transaction that makes it so."""
    _listeners.append(listener)


def remember_public(version: Version) -> None:
    """Record number and file names of the version if outsiders can see it; otherwise do nothing.

    Every change that may open a version ends with this call: a move into a public state, another visibility, number or
    channel, a restoration. The caller holds the lock on the download.

    Raises:
        Conflict: A file has a name that belongs to other bytes.
    """
    if not is_public(version):
        return
    remember_number(version)
    for listener in _listeners:
        listener(Version.all_objects.filter(pk=version.pk))


def is_public(version: Version) -> bool:
    """Return whether outsiders can see the version."""
    return version.is_open and not version.is_deleted and is_exposed(version.download)


def remember_number(version: Version) -> None:
    """Give the number to this version forever."""
    PublicNumber.objects.bulk_create([_row(version)], ignore_conflicts=True)


def remember_versions_of(download: Download) -> None:
    """Record all open versions of a download that has just become visible to outsiders."""
    rows = Version.all_objects.filter(download=download).released()
    known = PublicNumber.objects.filter(
        download=OuterRef("download"), channel=OuterRef("channel"), sort_key=OuterRef("sort_key")
    )
    missing = rows.filter(~Exists(known)).only("download_id", "channel", "sort_key", "number").order_by()
    PublicNumber.objects.bulk_create([_row(version) for version in missing], batch_size=BATCH, ignore_conflicts=True)
    for listener in _listeners:
        listener(rows)


def _row(version: Version) -> PublicNumber:
    return PublicNumber(
        download_id=version.download_id,
        channel=version.channel,
        sort_key=bytes(version.sort_key),
        number=version.number,
        version_id=version.pk,
    )
