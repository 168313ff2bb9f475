"""The checks that deletions of all kinds of rows have in common, and the purge of rows that were soft-deleted long ago.

The app of comments is above this one, so it registers how its rows are purged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound
from releasehub.core.models import SoftDeleteModel
from releasehub.core.policy import Policy, Target

Purge = Callable[[timedelta | None], int]

_purges: dict[str, Purge] = {}


def register_purge(name: str, purge: Purge) -> None:
    """Register a function that erases the rows that were deleted before a retention period, and returns their number.

    It gets the period, or None for the configured one. `name` is the name of the rows in the result of the purge.
    """
    _purges[name] = purge


def run_registered_purges(older_than: timedelta | None) -> dict[str, int]:
    return {name: purge(older_than) for name, purge in _purges.items()}


def purge_start(older_than: timedelta | None, retention_days: int) -> datetime | None:
    """Return the time before which deleted rows are erased, or None if they are kept without end."""
    if older_than is None:
        older_than = timedelta(days=retention_days) if retention_days else None
    return None if older_than is None else timezone.now() - older_than


def purge_rows(rows: Iterable[Any], lock: Callable[[Any], Any], erase: Callable[..., None]) -> int:
    """Erase each row in its own transaction, if it is still soft-deleted once it is locked."""
    count, actor = 0, system_actor()
    for row in list(rows):
        # NotFound: another request has deleted the row permanently. Not deleted: it was restored in the meantime.
        with suppress(NotFound), transaction.atomic():
            if lock(row).is_deleted:
                erase(row, actor=actor, hard=True, reason=row.delete_reason or "the retention period has ended")
                count += 1
    return count


def ensure_deletable(policy: Policy[Target], actor: Actor, target: Target, *, hard: bool) -> None:
    """Check the right to delete, and record a denied hard deletion in the audit log.

    This runs before the transaction of the deletion starts, so that the audit row is not rolled back with it.
    """
    try:
        policy.ensure("delete", actor, target, hard=hard)
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
