"""Shipping of audit rows to sinks, in the order of the chain and at least once. Sinks do not affect each other.

The cursor of a sink moves after the sink has accepted a batch. If a worker dies before that, the batch is sent again.
Every row contains its position, so that a receiver can recognize rows it already has.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from releasehub.audit import exports
from releasehub.audit.chain import stored_rows
from releasehub.audit.exports import ExportedHead
from releasehub.audit.lines import SHIPPED
from releasehub.audit.models import AuditHead, AuditSink
from releasehub.audit.sink_delivery import SinkFailed, deliver
from releasehub.core.locks import is_unleased

log = logging.getLogger(__name__)

BATCH_ROWS = 500
FETCH_ROWS = 50
BATCH_CHARACTERS = 1_000_000
LEASE_DURATION = timedelta(minutes=2)
RUN_SECONDS = 60.0


class LeaseLost(Exception):
    """The lease on the sink has expired, and another worker has taken it over."""


def waiting_sinks() -> list[int]:
    """Return the ids of active sinks that no worker has leased."""
    return list(_leasable().values_list("pk", flat=True))


def ship_sink(sink_id: int) -> int:
    """Ship the next rows to a sink, for at most a minute.

    Returns:
        The number of shipped rows. It is 0 if another worker has leased the sink.
    """
    token = uuid4().hex
    # Of several workers, only one can update the row from free to leased. The token tells later who owns the lease.
    if not _leasable().filter(pk=sink_id).update(lease_until=Now() + LEASE_DURATION, lease_token=token):
        return 0
    sink = AuditSink.objects.get(pk=sink_id)
    shipped = 0
    try:
        for count in _ship_batches(sink):
            shipped += count
        _ship_head(sink)
        _update_leased(sink, last_error="", failing_since=None)
    except SinkFailed as error:
        log.warning("Audit sink %s does not accept rows: %s", sink.pk, error)
        failing = {"last_error": str(error)[:500], "failing_since": sink.failing_since or timezone.now()}
        AuditSink.objects.filter(pk=sink.pk, lease_token=token).update(**failing)
    except LeaseLost:
        log.warning("The lease on audit sink %s has expired, and another worker has taken it over.", sink.pk)
    finally:
        AuditSink.objects.filter(pk=sink_id, lease_token=token).update(lease_until=None, lease_token="")
    return shipped


def exported_heads() -> Iterator[ExportedHead]:
    """Yield the newest heads outside the database: the one that the hub exports, and those of sinks in storage.

    Raises:
        OSError: The storage failed. Some backends raise errors of their own.
    """
    folders = [
        exports.FOLDER,
        *AuditSink.objects.filter(kind=AuditSink.SinkKind.JSONL).values_list("target", flat=True),
    ]
    for folder in folders:
        if head := exports.newest_head(folder):
            yield head


def _ship_batches(sink: AuditSink) -> Iterator[int]:
    """Ship batches until the sink is up to date or the time is over, and yield the number of rows of each."""
    deadline = time.monotonic() + RUN_SECONDS
    while (rows := _next_rows(sink)) and time.monotonic() < deadline:
        # The cursor moves only after the sink has accepted the rows. A crash in between sends them twice, never zero
        # times.
        _send(sink, rows)
        sink.cursor = rows[-1]["position"]
        _update_leased(sink, cursor=sink.cursor, shipped_at=Now(), lease_until=Now() + LEASE_DURATION)
        yield len(rows)


def _next_rows(sink: AuditSink) -> list[dict[str, Any]]:
    """Return the next rows to ship: about a megabyte at most, but at least one row if there is any."""
    names = (*SHIPPED, "address") if sink.has_addresses else SHIPPED
    rows: list[dict[str, Any]] = []
    size = 0
    waiting = stored_rows().filter(position__gt=sink.cursor).order_by("position").values(*names)[:BATCH_ROWS]
    # Closed here, because a cursor that waits for the garbage collector would be closed in another transaction.
    with closing(waiting.iterator(FETCH_ROWS)) as fetched:
        for values in fetched:
            size += len(str(values["changes"])) + 1000
            if rows and size > BATCH_CHARACTERS:
                break
            rows.append(dict(values))
    return rows


def _ship_head(sink: AuditSink) -> None:
    """Ship the newest head whose rows the sink has already received."""
    newest = AuditHead.objects.filter(position__gt=sink.head_cursor, position__lte=sink.cursor).first()
    if newest is None:
        return
    deliver(sink, exports.name_of(newest), "head", [(newest.created_at, exports.content_of(newest))])
    _update_leased(sink, head_cursor=newest.position)


def _send(sink: AuditSink, rows: list[dict[str, Any]]) -> None:
    name = f"rows/{rows[0]['position']:020d}.jsonl"
    deliver(sink, name, "", [(row["created_at"], row) for row in rows])


def _leasable() -> models.QuerySet[AuditSink]:
    return AuditSink.objects.filter(is_unleased(Now()), is_active=True).order_by("pk")


def _update_leased(sink: AuditSink, **values: Any) -> None:
    """Update the sink, provided that this worker still holds the lease."""
    if not AuditSink.objects.filter(pk=sink.pk, lease_token=sink.lease_token).update(**values):
        raise LeaseLost
