"""What leaves the log: addresses after 90 days, whole rows after the retention time. The chain stays provable."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Min
from django.utils import timezone

from releasehub.audit.chain import Link, first_link, stored_rows
from releasehub.audit.models import AuditCheckpoint, AuditHead, AuditSink
from releasehub.audit.signing import sign
from releasehub.audit.triggers import WHOLE_LOG

SLICE_ROWS = 10_000


def clear_addresses() -> int:
    """Forget addresses older than AUDIT_ADDRESS_DAYS (90; 0 keeps them), with the salts of their digests; how many."""
    days = int(getattr(settings, "AUDIT_ADDRESS_DAYS", 90))
    if not days:
        return 0
    old = stored_rows().filter(created_at__lt=timezone.now() - timedelta(days=days), address__isnull=False)
    old = old.exclude(position=None)
    cleared = 0
    while ids := list(old.order_by("position").values_list("pk", flat=True)[:SLICE_ROWS]):
        cleared += stored_rows().filter(pk__in=ids).update(address=None, address_salt="")
    return cleared


def prune() -> int:
    """Remove the oldest chained rows after AUDIT_RETENTION_DAYS (365; 0 keeps them for ever); how many.

    Rows that an active sink has not had yet stay: a gap in a sink could never be closed again.
    """
    days = int(getattr(settings, "AUDIT_RETENTION_DAYS", 365))
    if not days:
        return 0
    end = _last_old_place(days)
    if end is not None:
        _keep_checkpoint(end)
    newest = AuditCheckpoint.objects.order_by("-position").first()
    return _remove_up_to(newest.position) if newest is not None else 0


def _last_old_place(days: int) -> Link | None:
    """The last row of the stretch at the chain's beginning that is too old altogether."""
    limit = timezone.now() - timedelta(days=days)
    chained = stored_rows().exclude(position=None)
    first_young = chained.filter(created_at__gte=limit).aggregate(first=Min("position"))["first"]
    old = chained.filter(created_at__lt=limit)
    if first_young is not None:
        old = old.filter(position__lt=first_young)
    shipped = AuditSink.objects.filter(is_active=True).aggregate(least=Min("cursor"))["least"]
    if shipped is not None:
        old = old.filter(position__lte=shipped)
    return first_link(old.order_by("-position"))


@transaction.atomic
def _keep_checkpoint(place: Link) -> None:
    """From here verification goes on; heads before it prove nothing any more."""
    now = timezone.now()
    AuditCheckpoint.objects.get_or_create(
        position=place.position,
        defaults={
            "chain_hash": place.chain_hash,
            "created_at": now,
            "signature": sign(AuditCheckpoint.purpose, *place, now),
        },
    )
    AuditHead.objects.filter(position__lt=place.position).delete()


def _remove_up_to(position: int) -> int:
    removed = 0
    gone = stored_rows().filter(position__lte=position).order_by("position")
    while ids := list(gone.values_list("pk", flat=True)[:SLICE_ROWS]):
        removed += stored_rows().filter(pk__in=ids).delete()[0]
    return removed


def empty_log(using: str) -> None:
    """For `flush` only: a checkpoint over the whole log lets every row go, and is emptied with the other tables."""
    if AuditCheckpoint._meta.db_table not in connections[using].introspection.table_names():
        return
    rows = stored_rows().using(using)
    if rows.exists():
        AuditCheckpoint.objects.using(using).create(position=WHOLE_LOG, chain_hash="", signature="")
        rows.delete()
