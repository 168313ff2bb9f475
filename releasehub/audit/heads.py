"""Heads: signed records of where the chain ended at a moment. They are stored in the database and in the sinks."""

import logging

from django.utils import timezone

from releasehub.audit import exports
from releasehub.audit.chain import stored_rows, tip
from releasehub.audit.models import AuditCheckpoint, AuditHead
from releasehub.audit.signing import is_signed, sign

log = logging.getLogger(__name__)


def export_head() -> AuditHead | None:
    """Sign the end of the chain if it has moved, and store the newest head outside the database as well.

    Returns:
        The newest head, or None if no row was ever chained.
    """
    head = _sign_end()
    if head is not None:
        exports.store_head(head)
    return head


def newest_head() -> AuditHead | None:
    return AuditHead.objects.order_by("-position").first()


def _sign_end() -> AuditHead | None:
    """Sign the end of the chain and return the newest head.

    If the chain no longer contains the previous head, somebody has tampered with it. A new signature would hide that,
    so nothing is signed.
    """
    previous, end = newest_head(), tip()
    # This check comes before the signature. A head that was signed afterwards would make a rewritten chain look valid.
    if previous is not None and not is_in_chain(previous):
        log.error("The audit log no longer contains its exported head %s. Run verify_audit.", previous.position)
        return previous
    if end.position == 0 or (previous is not None and previous.position >= end.position):
        return previous
    now = timezone.now()
    signature = sign(AuditHead.purpose, *end, now)
    head, _ = AuditHead.objects.get_or_create(
        position=end.position, defaults={"chain_hash": end.chain_hash, "created_at": now, "signature": signature}
    )
    log.info("The audit log ends at position %s with hash %s.", head.position, head.chain_hash)
    return head


def is_in_chain(head: AuditHead) -> bool:
    """Return whether the row of the head is unchanged, or was pruned under a signed checkpoint."""
    checkpoint = AuditCheckpoint.objects.filter(position__gte=head.position).first()
    if checkpoint is not None:
        return is_signed(checkpoint)
    chain_hash = stored_rows().filter(position=head.position).values_list("chain_hash", flat=True).first()
    return is_signed(head) and chain_hash == head.chain_hash
