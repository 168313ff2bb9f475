"""Traffic events: the steps of a download of a file, for the webhooks that ask for them.

A download whose endpoints want no traffic events costs nothing here. Otherwise the request stores one row, and a worker
turns it into events. They contain nothing about the person who downloads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from downloads.models import Download
from downloads.snapshots import embedded_download
from files.models import Blob, File
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound, StorageUnavailable
from releasehub.distribution.counting import is_download
from releasehub.distribution.gate import Barrier, barrier_of
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import fan_out_traffic
from releasehub.webhooks.filters import TRAFFIC
from releasehub.webhooks.models import Event, TrafficSignal
from releasehub.webhooks.traffic import store_signal, wanted_types

BATCH_SIGNALS = 500


class Gate(StrEnum):
    """The gates that a download passes, in their order.

    `PASSWORD`: a secured file needs a sign-in or an access key. `CRITERIA`: the access key covers the version.
    `RATE_LIMIT`: the access key has a use left.
    """

    PERMISSION = "permission"
    PASSWORD = "password"  # noqa: S105 - the name of a gate
    CRITERIA = "criteria"
    RATE_LIMIT = "rate_limit"


_GATES = {Barrier.KEY_NEEDED: Gate.PASSWORD, Barrier.ABOVE_KEY: Gate.CRITERIA, None: Gate.RATE_LIMIT}


@dataclass
class TrafficReport:
    """The steps of one download that an endpoint wants to know."""

    wanted: frozenset[str]
    steps: list[dict[str, Any]] = field(default_factory=list)

    def add(self, event: EventType, **details: str) -> None:
        if event in self.wanted:
            self.steps.append({"type": event.value, **details})

    def pass_gates(self, stopped_by: Gate | None = None) -> None:
        """Add the gates that were passed, and the gate that stopped the download, if one did."""
        for gate in Gate:
            if gate == stopped_by:
                self.add(EventType.TRAFFIC_GATE_FAILED, gate=gate)
                return
            self.add(EventType.TRAFFIC_GATE_PASSED, gate=gate)
        self.add(EventType.TRAFFIC_GATE_ALL_PASSED)

    def begin(self, *, is_whole: bool) -> None:
        """Add that the bytes are handed over to the server or the storage that sends them.

        Neither tells the hub when the last byte has arrived, so a download of the whole file counts as completed here.
        """
        self.add(EventType.TRAFFIC_STARTED)
        if is_whole:
            self.add(EventType.TRAFFIC_COMPLETED)


@contextmanager
def report_traffic(request: HttpRequest, actor: Actor, file: File) -> Iterator[TrafficReport]:
    """Store what happens in this download, unless no endpoint wants to know. Errors of the download pass through.

    Downloads of drafts, and what `is_download` does not count, are not reported.
    """
    version = file.version
    is_reported = version.is_released and is_download(request)
    download = version.download
    report = TrafficReport(wanted_types(download.pk, download.organization_id) if is_reported else frozenset())
    if not report.wanted:
        yield report
        return
    try:
        yield report
        report.pass_gates()
        report.steps.sort(key=lambda step: "gate" not in step["type"])  # a download starts after the gates
    except (NotFound, Denied, StorageUnavailable) as error:
        _add_failure(report, actor, file, error)
        raise
    finally:
        if report.steps:
            store_signal(download_id=download.pk, version_id=version.pk, file_id=file.pk, steps=report.steps)


def _add_failure(report: TrafficReport, actor: Actor, file: File, error: Exception) -> None:
    """Add the gate that stopped the download, or the reason why it failed behind the gates."""
    report.steps.clear()
    if isinstance(error, NotFound):
        report.pass_gates(stopped_by=Gate.PERMISSION)
        return
    barrier = barrier_of(actor, file)
    if isinstance(error, Denied) and barrier in _GATES:
        report.pass_gates(stopped_by=_GATES[barrier])
        return
    report.pass_gates()
    report.add(EventType.TRAFFIC_FAILED, reason=_reason(file, barrier))


def _reason(file: File, barrier: Barrier | None) -> str:
    if barrier == Barrier.QUARANTINED:
        return "quarantined"
    if barrier == Barrier.FAILED:
        return "validation_failed"
    if file.blob is None:
        return "link_unresolved"
    return "missing_object" if file.blob.state == Blob.State.MISSING else "storage_unreadable"


def announce_traffic() -> int:
    """Turn all stored signals into events with deliveries, and return the number of events."""
    if not TrafficSignal.objects.exists():  # an idle hub takes no lock for this
        return 0
    return sum(iter(_announce_batch, None))


@transaction.atomic
def _announce_batch() -> int | None:
    """Announce one batch, each signal exactly once. Return the number of events, or None if no signal is left."""
    # A second worker waits for the locks, and then finds the rows gone.
    signals = list(TrafficSignal.objects.select_for_update().order_by("id")[:BATCH_SIGNALS])
    if not signals:
        return None
    ids = {signal.download_id for signal in signals}
    rows = Download.objects.select_related("category", "owner", "organization").filter(pk__in=ids)
    downloads = {row.pk: row for row in rows.exclude(state=Download.State.DRAFT)}
    event_count = 0
    for download_id, group in groupby(sorted(signals, key=lambda row: row.download_id), lambda row: row.download_id):
        if download := downloads.get(download_id):
            event_count += fan_out_traffic([event for signal in group for event in _events(download, signal)])
    TrafficSignal.objects.filter(pk__in=[signal.pk for signal in signals]).delete()
    return event_count


def _events(download: Download, signal: TrafficSignal) -> list[Event]:
    ids = {"version_id": signal.version_id, "file_id": signal.file_id}
    return [
        Event(
            type=step["type"],
            object_type=TRAFFIC,
            object_id=download.pk,
            download_id=download.pk,
            data=embedded_download(download) | ids | {name: step[name] for name in ("gate", "reason") if name in step},
            occurred_at=signal.occurred_at,
        )
        for step in signal.steps
    ]
