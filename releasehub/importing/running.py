"""Continue a run until it is finished, its time is over, or the source asks to wait."""

import time
from datetime import timedelta

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError
from django.db.models import F
from django.utils import timezone

from files.inspection.scanner import ScannerUnavailable
from releasehub.core.database_errors import domain_error_of
from releasehub.core.errors import DomainError, ErrorCode, ReadOnly, StorageFull, StorageUnavailable
from releasehub.importing.carrying_out import carry_out
from releasehub.importing.intake import printable
from releasehub.importing.leases import Canceled, Report, RunLease, RunTakenOver, TurnOver, claim_run
from releasehub.importing.listing import list_source, pending_releases
from releasehub.importing.models import MAX_REASON_CHARACTERS, ImportedRelease, ImportRun
from releasehub.importing.opening import entitled_actor, open_source
from releasehub.importing.sources.base import ReleaseSource, SourceError, SourceRefused, SourceUnavailable

MAX_INTERRUPTIONS = 20
MAX_INTERRUPTIONS_AT_RELEASE = 6  # after pauses of fifteen minutes together
FIRST_PAUSE_SECONDS = 30.0
MAX_PAUSE_SECONDS = 3600.0
STOPPED = f"The run was interrupted {MAX_INTERRUPTIONS} times in a row without any progress. Start it again."
# After these errors, nothing else of the run can succeed either.
FATAL_CODES = frozenset({ErrorCode.QUOTA_EXCEEDED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND, ErrorCode.IS_DELETED})
State = ImportRun.State


class Failed(Exception):
    """The run cannot be continued. The message says why."""


def work(run_id: int, *, seconds: float | None = None, report: Report = lambda text: None) -> ImportRun | None:
    """Continue a run. Return it as it is afterwards, or None if another worker has it or it is not due.

    The call may be killed anywhere: the lease expires then, and the next call continues.

    Args:
        seconds: After this time, the run is given back between two releases. None stays until the end.
    """
    lease = claim_run(run_id, report)
    if lease is None:
        return None
    try:
        _advance(lease, time.monotonic() + seconds if seconds is not None else None)
    except RunTakenOver:
        return None
    except (KeyboardInterrupt, SystemExit):  # the process ends, and another worker can continue at once
        lease.release(state=State.QUEUED)
        raise
    return ImportRun.objects.select_related("source__download").get(pk=run_id)


def _advance(lease: RunLease, deadline: float | None) -> None:
    """Do the work, and store how it has ended."""
    try:
        if lease.run.interruptions > MAX_INTERRUPTIONS:
            raise Failed(STOPPED)
        is_finished = _list_and_import(lease, deadline)
    except TurnOver:  # parts of the file have arrived, so this is progress
        lease.release(state=State.QUEUED, interruptions=0)
    except Canceled:
        lease.release(state=State.CANCELED, finished_at=timezone.now(), message="")
    except SourceUnavailable as busy:
        _pause(lease, busy.message, busy.wait_seconds)
    except (StorageUnavailable, StorageFull, ReadOnly) as error:
        _pause(lease, error.message, None)
    except ScannerUnavailable:
        _pause(lease, "The malware scanner does not respond.", None)
    except (Failed, SourceRefused, DomainError) as error:
        lease.release(state=State.FAILED, finished_at=timezone.now(), message=str(error)[:1000])
    else:
        ending = {"state": State.DONE, "finished_at": timezone.now()} if is_finished else {"state": State.QUEUED}
        lease.release(**ending)


def _list_and_import(lease: RunLease, deadline: float | None) -> bool:
    """List the releases unless that was done, and carry out the decisions. Return whether everything is done."""
    run = lease.run
    entitled_actor(run)
    source = open_source(run.source)
    if run.listed_at is None:
        list_source(lease, source)
        run.listed_at = timezone.now()
        lease.renew(listed_at=run.listed_at, interruptions=0)
    if run.is_dry_run:
        return True
    # Each row is read anew: carrying it out changes it, so that the query finds the next one.
    while (row := pending_releases(run).select_related("source").first()) is not None:
        if deadline is not None and time.monotonic() > deadline:
            return False
        _carry_out_one(lease, source, row)
    return True


def _carry_out_one(lease: RunLease, source: ReleaseSource, row: ImportedRelease) -> None:
    """Carry out one decision. An error that concerns only this release is stored with it, and the run goes on."""
    try:
        carry_out(lease=lease, source=source, row=row)
    except (StorageUnavailable, StorageFull, ReadOnly):
        raise
    except SourceUnavailable as busy:
        if not _fails_alone(lease, source):
            raise
        _note_failed(lease, row, busy.message)
    except (SourceRefused, DomainError) as error:
        if isinstance(error, DomainError) and error.code in FATAL_CODES:
            raise
        _note_failed(lease, row, error.message)
    except ValidationError as error:  # a value that only the field of the model refuses
        _note_failed(lease, row, " ".join(error.messages))
    except (IntegrityError, DataError, ObjectDoesNotExist) as error:  # a race, such as a version that was just erased
        problem = domain_error_of(error)
        if problem is None or isinstance(problem, ReadOnly):
            raise
        _note_failed(lease, row, problem.message)
    lease.renew()


def _fails_alone(lease: RunLease, source: ReleaseSource) -> bool:
    """Return whether a source that answers has failed so often at one release that the others should not wait for it.

    Hosts have lost files that they still list, and answer requests for them as if they were down.
    """
    lease.run.refresh_from_db(fields=["interruptions"])
    if lease.run.interruptions < MAX_INTERRUPTIONS_AT_RELEASE:
        return False
    lease.renew()
    try:
        next(source.releases(), None)
    except SourceError:
        return False
    return True


def _note_failed(lease: RunLease, row: ImportedRelease, reason: str) -> None:
    rows = ImportedRelease.objects.filter(pk=row.pk)
    lease.store(failed_count=F("failed_count") + 1, interruptions=0)
    rows.update(outcome=ImportedRelease.Outcome.FAILED, reason=printable(reason)[:MAX_REASON_CHARACTERS])
    lease.report(printable(f"{row}: {reason}"))


def _pause(lease: RunLease, message: str, wait_seconds: float | None) -> None:
    """Let the run wait as long as the source asks, or longer after each interruption without progress."""
    lease.run.refresh_from_db(fields=["interruptions"])
    backoff = min(FIRST_PAUSE_SECONDS * 2 ** min(max(lease.run.interruptions - 1, 0), 10), MAX_PAUSE_SECONDS)
    pause = timedelta(seconds=wait_seconds if wait_seconds is not None else backoff)
    lease.release(state=State.WAITING, not_before=timezone.now() + pause, message=message[:1000])
