"""List the releases of a source: all of them for a run, or a preview of them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum

from downloads.rules import rules_of
from files.quotas import room_left
from releasehub.core.batches import in_batches
from releasehub.core.errors import Rejected
from releasehub.importing.contents import DownloadContents
from releasehub.importing.intake import cleaned
from releasehub.importing.leases import RunLease
from releasehub.importing.listed_releases import PENDING_CHOICES, NumberPlace, decide_into, store_batch
from releasehub.importing.models import ImportedFile, ImportedRelease, ImportRun, ImportSource
from releasehub.importing.sources.base import ReleaseSource, SourceAsset, SourceRefused, SourceRelease

BATCH = 30
LISTING_SECONDS = 2 * 3600.0
EMPTY = "The source lists no releases at all, although it had some before. Nothing was changed."


def list_source(lease: RunLease, source: ReleaseSource) -> None:
    """Store the decision about every release of the source. The call may be interrupted and repeated.

    Raises:
        SourceUnavailable: The source does not answer at the moment.
        SourceRefused: The source cannot be read, or has too many releases.
    """
    run, position = lease.run, 0
    source.on_request(partial(_go_on, lease, time.monotonic() + LISTING_SECONDS))
    numbers: set[NumberPlace] = set()
    for batch in in_batches(_limited(source.releases(), run.source), BATCH):
        store_batch(run, batch, position, numbers)
        position += len(batch)
        lease.renew(listed_count=position)
        lease.report(f"{position} releases listed")
    _note_removed(run, position)
    lease.store(message=_warning(run), listed_count=position)


def _go_on(lease: RunLease, deadline: float) -> None:
    """Extend the lease, and end a list that has no end or whose pages come too slowly."""
    lease.note_bytes(0)
    if time.monotonic() > deadline:
        raise SourceRefused(f"The source takes more than {LISTING_SECONDS / 3600:.0f} hours to list its releases.")


def pending_releases(run: ImportRun) -> Any:
    """Return the releases that the run still has to create, update or yank, the oldest first."""
    to_do = Q(decision__in=PENDING_CHOICES)
    if run.source.when_removed == ImportSource.WhenRemoved.YANK:
        to_do |= Q(decision=ImportedRelease.Decision.REMOVED)
    rows = ImportedRelease.objects.filter(to_do, last_run=run, outcome=ImportedRelease.Outcome.PENDING)
    return rows.order_by("-position", "-id")


def _limited(releases: Iterable[SourceRelease], source: ImportSource) -> Iterator[SourceRelease]:
    limit = settings.IMPORT_MAX_RELEASES
    for count, release in enumerate(islice(cleaned(releases), source.newest_only), start=1):
        if count > limit:
            raise SourceRefused(f"The source has more than {limit} releases. Import only the newest ones.")
        yield release


def preview(row: ImportSource, source: ReleaseSource) -> Iterator[tuple[ImportedRelease, Sequence[SourceAsset]]]:
    """Yield what would be decided about each release, with its files, for a download that does not exist yet.

    Nothing is stored: neither `row` nor its download has to be saved.

    Raises:
        SourceUnavailable: The source does not answer at the moment.
        SourceRefused: The source cannot be read, or has too many releases.
    """
    contents, rules = DownloadContents(row.download, (), ()), rules_of(row.download.category)
    numbers: set[NumberPlace] = set()
    for release in _limited(source.releases(), row):
        shown = ImportedRelease(source=row, key=release.key)
        decide_into(release, shown, contents, rules, numbers)
        yield shown, release.assets


def _note_removed(run: ImportRun, listed_count: int) -> None:
    """Mark the releases that are not listed any more, unless only the newest ones are listed."""
    rows = ImportedRelease.objects.filter(source=run.source).exclude(last_run=run)
    if run.source.newest_only or not rows.exists():
        return
    if not listed_count:
        raise SourceRefused(EMPTY)
    with transaction.atomic():
        rows.filter(version=None).delete()
        is_open = Q(version__yanked_at=None, version__deleted_at=None, version__published_at__isnull=False)
        rows.exclude(is_open).update(outcome=ImportedRelease.Outcome.DONE)
        rows.exclude(decision=ImportedRelease.Decision.REMOVED).filter(is_open).update(outcome="")
        rows.update(
            decision=ImportedRelease.Decision.REMOVED,
            last_run=run,
            position=listed_count,
            reason="It was removed at the source.",
        )


def _warning(run: ImportRun) -> str:
    """Return what stands in the way of the whole import, or an empty string."""
    files = ImportedFile.objects.filter(
        release__last_run=run, release__decision__in=PENDING_CHOICES, decision=ImportedFile.Decision.CREATE, upload=None
    )
    needed = files.aggregate(total=Sum(F("size_bytes")))["total"] or 0
    try:
        left = room_left(run.source.download)
    except Rejected as full:
        return full.message if needed else ""
    if left is not None and needed > left:
        return f"The files have {needed} bytes together, but only {left} more bytes fit into the storage quota."
    return ""
