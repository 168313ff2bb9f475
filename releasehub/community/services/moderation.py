"""Approve, delete and restore comments and reviews."""

from django.db import transaction

from downloads.holds import ensure_not_held
from releasehub.community.models import Contribution, Review
from releasehub.community.policies import contribution_policy
from releasehub.community.services.reviews import ensure_only_review
from releasehub.community.services.writing import (
    Row,
    add_to_counts,
    announce,
    counts_of,
    lock_contribution,
    tally_changes,
)
from releasehub.core.actor import Actor
from releasehub.core.restoring import needs_restore
from releasehub.publishing.purge_registry import ensure_alive, ensure_deletable


@transaction.atomic
def approve_contribution(*, actor: Actor, row: Row) -> Row:
    """Approve a comment or review that waits for that. Approving it again changes nothing."""
    contribution_policy.ensure("approve", actor, row)
    contribution = lock_contribution(row)
    if contribution.state != Contribution.State.VISIBLE:
        with tally_changes(contribution):
            contribution.state = Contribution.State.VISIBLE
            contribution.save(update_fields=["state", "updated_at"])
        announce(actor, contribution, "approve", "approved")
    return contribution


def delete_contribution(*, actor: Actor, row: Contribution, hard: bool = False, reason: str = "") -> None:
    """Hide a comment or review (soft), or erase it (hard).

    Raises:
        Denied: The actor may not delete it. A denied hard deletion is recorded in the audit log.
        Conflict: It is already deleted, or a hard deletion is not possible because of a legal hold.
    """
    ensure_deletable(contribution_policy, actor, row, hard=hard)
    with transaction.atomic():
        row = lock_contribution(row)
        contribution_policy.ensure("delete", actor, row, hard=hard)
        if hard:
            ensure_not_held(row.download_id)
            add_to_counts(row.download, counts_of(row), {})
            announce(actor, row, "delete_hard", "deleted", reason=reason, hard=True)
            row.delete()
            return
        ensure_alive(row)
        with tally_changes(row):
            row.mark_deleted(by=actor.user, reason=reason)
        announce(actor, row, "delete_soft", "deleted", reason=reason, hard=False)


@transaction.atomic
def restore_contribution(*, actor: Actor, row: Row) -> Row:
    """Restore a soft-deleted comment or review in the state that it had.

    Raises:
        Conflict: The row is not deleted, or its author has written another review meanwhile.
    """
    contribution_policy.ensure("restore", actor, row)
    row = lock_contribution(row)
    if not needs_restore(actor, row, str(row)):
        return row
    if isinstance(row, Review):
        ensure_only_review(row)
    with tally_changes(row):
        row.mark_restored()
    announce(actor, row, "restore", "restored")
    return row
