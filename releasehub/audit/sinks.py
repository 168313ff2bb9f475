"""Shipping rows to sinks: in the chain's order, at least once, each sink for itself.

The cursor moves after the sink has taken a batch. A worker that dies in between sends that batch again; the position in
every line tells a receiver what it has already.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from releasehub.audit import exports, syslog
from releasehub.audit.chain import stored_rows
from releasehub.audit.exports import ExportedHead
from releasehub.audit.lines import SHIPPED, json_line
from releasehub.audit.models import AuditHead, AuditSink
from releasehub.audit.targets import storage_prefix, syslog_target
from releasehub.outbound import client
from releasehub.outbound.failures import Refused, Unreachable

log = logging.getLogger(__name__)

BATCH_ROWS = 500
FETCH_ROWS = 50
BATCH_CHARACTERS = 1_000_000
LEASE = timedelta(minutes=2)
RUN_SECONDS = 60.0


class SinkFailed(Exception):
    """The sink did not take the batch. The text is for operators and names no secret."""


class LeaseLost(Exception):
    """Another worker has the sink by now."""


def waiting_sinks() -> list[int]:
    """Active sinks that no worker is at."""
    return list(_claimable().values_list("pk", flat=True))


def ship_sink(sink_id: int) -> int:
    """Ship what the sink has not had, for at most a minute; how many rows. 0 when another worker has the sink."""
    token = uuid4().hex
    if not _claimable().filter(pk=sink_id).update(lease_until=Now() + LEASE, lease_token=token):
        return 0
    sink = AuditSink.objects.get(pk=sink_id)
    shipped = 0
    try:
        for count in _ship_batches(sink):
            shipped += count
        _ship_head(sink)
        _note(sink, last_error="", failing_since=None)
    except SinkFailed as error:
        log.warning("Audit sink %s takes nothing: %s", sink.pk, error)
        failing = {"last_error": str(error)[:500], "failing_since": sink.failing_since or timezone.now()}
        AuditSink.objects.filter(pk=sink.pk, lease_token=token).update(**failing)
    except LeaseLost:
        log.warning("Audit sink %s was taken over by another worker.", sink.pk)
    finally:
        AuditSink.objects.filter(pk=sink_id, lease_token=token).update(lease_until=None, lease_token="")
    return shipped


def exported_heads() -> Iterator[ExportedHead]:
    """Yield the newest heads outside the database: the hub's own export, and those of sinks in storage.

    Raises:
        OSError: Or another error of the storage backend.
    """
    folders = [exports.FOLDER, *AuditSink.objects.filter(kind=AuditSink.Kind.JSONL).values_list("target", flat=True)]
    for folder in folders:
        if head := exports.newest_head(folder):
            yield head


def _ship_batches(sink: AuditSink) -> Iterator[int]:
    until = time.monotonic() + RUN_SECONDS
    while (rows := _next_rows(sink)) and time.monotonic() < until:
        _send(sink, rows)
        sink.cursor = rows[-1]["position"]
        _note(sink, cursor=sink.cursor, shipped_at=Now(), lease_until=Now() + LEASE)
        yield len(rows)


def _next_rows(sink: AuditSink) -> list[dict[str, Any]]:
    """The next rows as they are shipped, at most about a megabyte of them and always one."""
    names = (*SHIPPED, "address") if sink.has_addresses else SHIPPED
    rows: list[dict[str, Any]] = []
    size = 0
    waiting = stored_rows().filter(position__gt=sink.cursor).order_by("position").values(*names)[:BATCH_ROWS]
    for values in waiting.iterator(FETCH_ROWS):
        size += len(str(values["changes"])) + 1000
        if rows and size > BATCH_CHARACTERS:
            break
        rows.append(dict(values))
    return rows


def _ship_head(sink: AuditSink) -> None:
    """The newest head over rows the sink has; it comes after them."""
    newest = AuditHead.objects.filter(position__gt=sink.head_cursor, position__lte=sink.cursor).first()
    if newest is None:
        return
    _deliver(sink, exports.name_of(newest), "head", [(newest.created_at, exports.content_of(newest))])
    _note(sink, head_cursor=newest.position)


def _send(sink: AuditSink, rows: list[dict[str, Any]]) -> None:
    place = f"rows/{rows[0]['position']:020d}.jsonl"
    _deliver(sink, place, "", [(row["created_at"], row) for row in rows])


def _deliver(sink: AuditSink, place: str, event: str, items: list[tuple[datetime, dict[str, Any]]]) -> None:
    """Errors: SinkFailed."""
    try:
        if sink.kind == AuditSink.Kind.SYSLOG:
            messages = [syslog.message(event or item["action"], created_at, item) for created_at, item in items]
            syslog.send_messages(syslog_target(sink.target), messages)
            return
        body = "".join(json_line(item) + "\n" for _, item in items).encode("ascii")
        if sink.kind == AuditSink.Kind.HTTP:
            _post(sink, body)
        else:
            _store(f"{storage_prefix(sink.target)}/{place}", body)
    except (Refused, Unreachable) as error:
        raise SinkFailed(error.reason) from None
    except ValueError as error:
        raise SinkFailed(f"The target cannot be used. {error}") from None


def _post(sink: AuditSink, body: bytes) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    if sink.token:
        headers["Authorization"] = f"Bearer {sink.token}"
    answer = client.send("POST", sink.target, headers=headers, body=body, read_limit=1024)
    if not 200 <= answer.status < 300:
        raise SinkFailed(f"The endpoint answered {answer.status}.")


def _store(name: str, body: bytes) -> None:
    """One object; the same batch sent again takes the place of the first try."""
    try:
        exports.store(name, body)
    except Exception as error:  # every storage backend has errors of its own
        raise SinkFailed(f"The storage failed: {type(error).__name__}.") from error


def _claimable() -> models.QuerySet[AuditSink]:
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return AuditSink.objects.filter(free, is_active=True).order_by("pk")


def _note(sink: AuditSink, **values: Any) -> None:
    """Write down progress while the lease is ours. Errors: LeaseLost."""
    if not AuditSink.objects.filter(pk=sink.pk, lease_token=sink.lease_token).update(**values):
        raise LeaseLost
