"""The checks that deletions of all kinds of rows have in common, and the purge of rows that were soft-deleted long ago.

The app of comments is above this one, so it registers how its rows are purged.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from downloads.holds import Held, ensure_not_held, not_held
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound
from releasehub.core.models import SoftDeleteModel
from releasehub.core.policy import Policy, Target

BATCH_ROWS = 500


@dataclass(frozen=True)
class Purge:
    """The purge of the rows of one kind. The preview and the purge select the same rows.

    Attributes:
        name: The name of the rows in the result of the purge.
        rows: Returns the rows that are older than a period, or than the configured one if it is None. It returns None
            if they are never purged.
        erase: Erases the rows and returns their number.
        download_path: The lookup from a row to its download; empty for a download.
    """

    name: str
    rows: Callable[[timedelta | None], QuerySet[Any] | None]
    erase: Callable[[QuerySet[Any]], int]
    download_path: str

    def due(self, older_than: timedelta | None) -> QuerySet[Any] | None:
        """Return the rows that the purge erases: those without a legal hold."""
        rows = self.rows(older_than)
        return None if rows is None else rows.filter(not_held(self.download_path))

    def held(self, older_than: timedelta | None) -> QuerySet[Any] | None:
        """Return the rows that are old enough, but under a legal hold."""
        rows = self.rows(older_than)
        return None if rows is None else rows.exclude(not_held(self.download_path))

    def run(self, older_than: timedelta | None) -> int:
        rows = self.due(older_than)
        return 0 if rows is None else self.erase(rows)


_purges: list[Purge] = []


def register_purge(purge: Purge) -> None:
    """Let the purge of soft-deleted rows include rows of another kind."""
    _purges.append(purge)


def registered_purges() -> tuple[Purge, ...]:
    return tuple(_purges)


def purge_start(older_than: timedelta | None, retention_days: int) -> datetime | None:
    """Return the time before which deleted rows are erased, or None if they are never purged."""
    if older_than is None:
        older_than = timedelta(days=retention_days) if retention_days else None
    return None if older_than is None else timezone.now() - older_than


def purge_rows(rows: QuerySet[Any], lock: Callable[[Any], Any], erase: Callable[..., None]) -> int:
    """Erase each row in its own transaction, if it is still soft-deleted once it is locked."""
    count, actor = 0, system_actor()
    for row in _in_batches(rows):
        # NotFound: another request has deleted the row permanently. Held: a legal hold was placed in the meantime.
        # Not deleted: the row was restored in the meantime.
        with suppress(NotFound, Held), transaction.atomic():
            if lock(row).is_deleted:
                erase(row, actor=actor, hard=True, reason=row.delete_reason or "the retention period has ended")
                count += 1
    return count


def _in_batches(rows: QuerySet[Any]) -> Iterator[Any]:
    """Yield the rows by primary key. There may be more of them than fit into memory."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS]):
        yield from batch
        last = batch[-1].pk


def ensure_deletable(policy: Policy[Target], actor: Actor, target: Target, *, hard: bool) -> None:
    """Check the right to delete and legal holds, and record a refused hard deletion in the audit log.

    This runs before the transaction of the deletion starts, so that the audit row is not rolled back with it. The
    deletion checks both again once it holds the lock on the download.
    """
    try:
        policy.ensure("delete", actor, target, hard=hard)
        if hard:
            ensure_not_held(target.download_id)  # type: ignore[attr-defined]
    except (Denied, Conflict):
        if hard:
            audit.record(actor=actor, action=AuditAction.HARD_DELETE_REFUSED, target=target)
        raise


def ensure_alive(target: SoftDeleteModel) -> None:
    if target.is_deleted:
        raise Conflict(
            ErrorCode.IS_DELETED,
            f"{target} is already deleted. Restore it, or ask a superuser to delete it permanently.",
        )
