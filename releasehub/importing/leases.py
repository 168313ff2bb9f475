"""The lease of a worker on a run, so that no other worker continues the same run."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from releasehub.core.heartbeat import heartbeat
from releasehub.core.locks import is_leased, is_unleased
from releasehub.importing.models import ImportRun

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 5.0
LONG_BYTES = 64 * 1024 * 1024  # storing, hashing or inspecting more bytes than these may take longer than the lease
Report = Callable[[str], None]


class RunTakenOver(Exception):
    """Another worker has taken over the run, so this one must not store anything any more."""


class Canceled(Exception):
    """A person has asked to stop the run."""


class TurnOver(Exception):
    """A file has taken long enough, and other runs wait. The run continues with the part that is stored."""


class RunLease:
    """The lease that this worker holds on a run."""

    def __init__(self, run: ImportRun, token: str, report: Report) -> None:
        self.run = run
        self.report = report
        self._token = token
        self._renewed_at = time.monotonic()
        self._new_bytes = 0

    def note_bytes(self, count: int) -> bool:
        """Count fetched bytes, and renew the lease if it is time. Return whether it was."""
        self._new_bytes += count
        is_due = time.monotonic() - self._renewed_at >= RENEW_SECONDS
        if is_due:
            self.renew()
        return is_due

    def renew(self, **changes: Any) -> None:
        """Extend the lease, and store the changes of the run.

        Raises:
            RunTakenOver: Another worker has the run.
            Canceled: A person has asked to stop the run.
        """
        self.store(lease_until=Now() + LEASE, fetched_bytes=F("fetched_bytes") + self._new_bytes, **changes)
        self._renewed_at, self._new_bytes = time.monotonic(), 0
        if ImportRun.objects.filter(pk=self.run.pk, cancel_requested_at__isnull=False).exists():
            raise Canceled

    def held(self, size_bytes: int) -> AbstractContextManager[None]:
        """Extend the lease from another thread while the block works on so many bytes without noting them."""
        return heartbeat(self._extend, RENEW_SECONDS) if size_bytes >= LONG_BYTES else nullcontext()

    def _extend(self) -> None:
        ImportRun.objects.filter(pk=self.run.pk, lease_token=self._token).update(lease_until=Now() + LEASE)

    def release(self, **changes: Any) -> None:
        """Store the changes and give the run back."""
        self.store(lease_until=None, lease_token="", fetched_bytes=F("fetched_bytes") + self._new_bytes, **changes)

    def store(self, **changes: Any) -> None:
        """Store changes of the run. Inside a transaction, the row stays locked until its end.

        Raises:
            RunTakenOver: Another worker has the run.
        """
        rows = ImportRun.objects.filter(pk=self.run.pk, lease_token=self._token)
        if not rows.update(**changes, updated_at=timezone.now()):
            raise RunTakenOver


def claim_run(run_id: int, report: Report) -> RunLease | None:
    """Take the lease on an open run. Return None if it is finished, or another worker holds it."""
    token = uuid4().hex
    # A conditional update is the claim: of several workers, only one changes the row from free to leased.
    if (
        not _claimable()
        .filter(pk=run_id)
        .update(
            lease_until=Now() + LEASE,
            lease_token=token,
            state=ImportRun.State.RUNNING,
            not_before=None,
            interruptions=F("interruptions") + 1,
            updated_at=timezone.now(),
        )
    ):
        return None
    run = ImportRun.objects.select_related("source__download__category", "source__created_by").get(pk=run_id)
    return RunLease(run, token, report)


def _claimable() -> QuerySet[ImportRun]:
    due = Q(not_before=None) | Q(not_before__lte=Now())
    return ImportRun.objects.filter(is_unleased(Now()), due, finished_at=None)


def runs_under_way() -> int:
    """Return how many runs have a worker at the moment."""
    return ImportRun.objects.filter(is_leased(Now()), finished_at=None).count()


def waiting_runs() -> list[int]:
    """Return the open runs that a worker can continue, first those that have waited longest."""
    return list(_claimable().order_by("updated_at", "id").values_list("pk", flat=True))


def is_full() -> bool:
    """Return whether runs wait because workers carry out as many as they may."""
    return runs_under_way() >= settings.IMPORTS_AT_ONCE and bool(waiting_runs())
