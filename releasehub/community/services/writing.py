"""The parts that all changes of comments and reviews have in common: locks, counts, the audit row and the event."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_with_download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.community.models import Contribution
from releasehub.community.policies import contribution_policy
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

Row = TypeVar("Row", bound=Contribution)
Counts = Mapping[str, int]


def lock_contribution(row: Row) -> Row:
    """Return the row as it is now, with its download, both locked until the transaction ends.

    Raises:
        NotFound: Another request erased the row or its download.
    """
    return lock_with_download(row)


@contextmanager
def tally_changes(row: Contribution) -> Iterator[None]:
    """Adjust the counts of the download by what the block changes about the row. The caller holds the lock."""
    before = counts_of(row)
    yield
    add_to_counts(row.download, before, counts_of(row))


def counts_of(row: Contribution) -> Counts:
    return row.counts if row.pk is not None and row.is_shown else {}


def add_to_counts(download: Download, before: Counts, after: Counts) -> None:
    """Replace in the counts of the locked download what a row added before by what it adds now."""
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in {**before, **after}}
    names = [name for name, change in changes.items() if change]
    for name in names:
        setattr(download, name, getattr(download, name) + changes[name])
    if names:
        download.save(update_fields=names)


def insert_row(actor: Actor, contribution: Contribution, values: dict[str, Any]) -> None:
    """Save a new contribution in the state that the category and the role of the actor decide, and announce it."""
    if contribution_policy.needs_approval(actor, contribution.download):
        contribution.state = Contribution.State.MODERATED
    with tally_changes(contribution):
        assign(contribution, values)
        contribution.save()
    announce(actor, contribution, "create", "created")


def change_row(actor: Actor, contribution: Contribution, values: dict[str, Any]) -> None:
    """Change the given fields of a locked contribution, and announce that.

    A changed text needs approval again where new ones do.
    """
    changes = audit.changed_fields(contribution, values)
    if not changes:
        return
    with tally_changes(contribution):
        assign(contribution, values)
        if "text" in changes:
            _count_edit(actor, contribution)
            if contribution.is_shown and contribution_policy.needs_approval(actor, contribution.download):
                changes["state"] = [contribution.state, Contribution.State.MODERATED.value]
                contribution.state = Contribution.State.MODERATED
        contribution.save()
    announce(actor, contribution, "update", "updated", changes=changes)


def announce(actor: Actor, row: Contribution, action: str, event: str, *, reason: str = "", **details: Any) -> None:
    """Write the audit row and the event of a change.

    Args:
        action: The second part of the audit action, such as `delete_soft`.
        event: The second part of the event type, such as `deleted`.
        details: `changes` of the audit row, and `hard` of a deletion.
    """
    kind = row._meta.model_name
    changes = details.pop("changes", None)
    audit.record(actor=actor, action=AuditAction(f"{kind}.{action}"), target=row, changes=changes, reason=reason)
    if reason:
        details["reason"] = reason
    webhooks.publish(actor=actor, event=EventType(f"{kind}.{event}"), target=row, **details)


def _count_edit(actor: Actor, row: Contribution) -> None:
    """Count the edit, unless its author makes it soon after writing."""
    grace = timedelta(minutes=settings.COMMENT_GRACE_MINUTES)
    now = timezone.now()
    if now - row.created_at >= grace or not contribution_policy.is_author(actor, row):
        row.edit_count += 1
        row.last_edit_at = now
