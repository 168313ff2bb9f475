"""Heads: signed statements of where the chain ended at a moment, kept here and in the sinks."""

from __future__ import annotations

import logging

from django.utils import timezone

from releasehub.audit import exports
from releasehub.audit.chain import stored_rows, tip
from releasehub.audit.models import AuditCheckpoint, AuditHead
from releasehub.audit.signing import is_signed, sign

log = logging.getLogger(__name__)


def export_head() -> AuditHead | None:
    """Sign the chain's end when it moved, and keep the newest head outside the database too.

    Returns:
        The newest head; None while there is none.
    """
    head = _sign_end()
    if head is not None:
        exports.store_head(head)
    return head


def newest_head() -> AuditHead | None:
    return AuditHead.objects.order_by("-position").first()


def _sign_end() -> AuditHead | None:
    """A chain that no longer holds the head before gets no new signature: it would cover up what happened."""
    before, end = newest_head(), tip()
    if before is not None and not _still_holds(before):
        log.error("The audit log no longer holds its exported head %s. Run verify_audit.", before.position)
        return before
    if end.position == 0 or (before is not None and before.position >= end.position):
        return before
    now = timezone.now()
    signature = sign(AuditHead.purpose, *end, now)
    head, _ = AuditHead.objects.get_or_create(
        position=end.position, defaults={"chain_hash": end.chain_hash, "created_at": now, "signature": signature}
    )
    log.info("The audit log ends at position %s with hash %s.", head.position, head.chain_hash)
    return head


def _still_holds(head: AuditHead) -> bool:
    checkpoint = AuditCheckpoint.objects.filter(position__gte=head.position).first()
    if checkpoint is not None:
        return is_signed(checkpoint)
    stored = stored_rows().filter(position=head.position).values_list("chain_hash", flat=True).first()
    return is_signed(head) and stored == head.chain_hash
