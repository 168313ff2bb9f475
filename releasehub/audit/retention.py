"""Retention of the audit log: IP addresses are cleared after a while, and old rows are deleted.

The remaining chain can still be verified.
"""

from datetime import timedelta

from django.conf import settings
from django.db import connections, models, transaction
from django.db.models import Min
from django.utils import timezone

from releasehub.audit.chain import first_link, stored_rows
from releasehub.audit.links import Link
from releasehub.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSink
from releasehub.audit.signing import sign
from releasehub.audit.trigger_sql import WHOLE_LOG
from releasehub.core.holds import held_download_ids

SLICE_ROWS = 10_000


def clear_addresses() -> int:
    """Clear IP addresses that are older than AUDIT_ADDRESS_DAYS, together with the salts of their digests.

    Rows about a download under a legal hold keep their addresses.

    Returns:
        The number of cleared rows. With AUDIT_ADDRESS_DAYS=0, nothing is cleared.
    """
    days = int(getattr(settings, "AUDIT_ADDRESS_DAYS", 90))
    if not days:
        return 0
    old = stored_rows().filter(created_at__lt=timezone.now() - timedelta(days=days), address__isnull=False)
    # A row without a position is not hashed yet, and its hash has to cover the digest of the address.
    old = _without_held(old.exclude(position=None))
    cleared = 0
    while ids := list(old.order_by("position").values_list("pk", flat=True)[:SLICE_ROWS]):
        cleared += stored_rows().filter(pk__in=ids).update(address=None, address_salt="")
    return cleared


def clear_addresses_of(user_id: int) -> bool:
    """Clear the IP addresses of all rows that the user caused, however young.

    Returns:
        Whether none is left. Rows that are not chained yet keep theirs, because their hash has to cover its digest.
    """
    rows = _without_held(stored_rows().filter(actor_id=user_id, address__isnull=False))
    rows.exclude(position=None).update(address=None, address_salt="")
    return not rows.exists()


def prune() -> int:
    """Delete chained rows that are older than AUDIT_RETENTION_DAYS.

    Rows that an active sink has not received yet are kept, because a gap in a sink could never be filled again. Rows
    from the oldest one about a download under a legal hold on are kept, because the chain allows no gap.

    Returns:
        The number of deleted rows. With AUDIT_RETENTION_DAYS=0, nothing is deleted.
    """
    days = int(getattr(settings, "AUDIT_RETENTION_DAYS", 365))
    if not days:
        return 0
    end = _last_prunable_link(days)
    # The checkpoint is committed first. The triggers allow the deletion only of rows that a checkpoint covers, and
    # verification needs it as the new beginning of the chain.
    if end is not None:
        _create_checkpoint(end)
    # This also deletes the rows of an earlier checkpoint, if that run was interrupted.
    newest = AuditCheckpoint.objects.order_by("-position").first()
    return _remove_up_to(newest.position) if newest is not None else 0


def _last_prunable_link(days: int) -> Link | None:
    """Return the last row before which all rows are too old, including itself, or None if the first row is young."""
    limit = timezone.now() - timedelta(days=days)
    chained = stored_rows().exclude(position=None)
    first_young = chained.filter(created_at__gte=limit).aggregate(first=Min("position"))["first"]
    old = chained.filter(created_at__lt=limit)
    if first_young is not None:
        old = old.filter(position__lt=first_young)
    shipped = AuditSink.objects.filter(is_active=True).aggregate(lowest=Min("cursor"))["lowest"]
    if shipped is not None:
        old = old.filter(position__lte=shipped)
    if held := held_download_ids():
        first_held = chained.filter(download_id__in=held).aggregate(first=Min("position"))["first"]
        old = old if first_held is None else old.filter(position__lt=first_held)
    return first_link(old.order_by("-position"))


def _without_held(rows: models.QuerySet[AuditEntry]) -> models.QuerySet[AuditEntry]:
    """Leave out the rows about downloads under a legal hold."""
    held = held_download_ids()
    return rows.exclude(download_id__in=held) if held else rows


@transaction.atomic
def _create_checkpoint(end: Link) -> None:
    """Store a signed checkpoint, and delete the heads before it, which no row can be compared with any more."""
    now = timezone.now()
    AuditCheckpoint.objects.get_or_create(
        position=end.position,
        defaults={
            "chain_hash": end.chain_hash,
            "created_at": now,
            "signature": sign(AuditCheckpoint.purpose, *end, now),
        },
    )
    AuditHead.objects.filter(position__lt=end.position).delete()


def _remove_up_to(position: int) -> int:
    """Delete the rows up to this position in slices, so that no transaction becomes too long."""
    removed = 0
    rows = stored_rows().filter(position__lte=position).order_by("position")
    while ids := list(rows.values_list("pk", flat=True)[:SLICE_ROWS]):
        removed += stored_rows().filter(pk__in=ids).delete()[0]
    return removed


def empty_log(using: str) -> None:
    """Delete every row. Only the command `flush` may do this.

    The triggers allow it because of a checkpoint that covers the whole log. `flush` then empties the other tables.
    """
    if AuditCheckpoint._meta.db_table not in connections[using].introspection.table_names():
        return
    rows = stored_rows().using(using)
    if rows.exists():
        AuditCheckpoint.objects.using(using).create(position=WHOLE_LOG, chain_hash="", signature="")
        rows.delete()
